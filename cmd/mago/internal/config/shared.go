package config

import "mago/sources/way"

// SharedError is a file that root does not read, since somebody else may change it or a directory on the way to it.
type SharedError struct {
	way.Shared
	file bool // whether it is the file itself
}

func (e *SharedError) Error() string {
	what := e.Dir
	if e.file {
		what = "it"
	}
	return "root does not read what others may change: " + what + " may be changed by " + e.By
}
