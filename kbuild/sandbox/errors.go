package sandbox

import "fmt"

// UserError says that mago runs as root and the system lacks the user to build as.
type UserError struct{ Name string }

func (e *UserError) Error() string { return "no system user " + e.Name + " to build as" }

// UnavailableError says that the sandbox that was asked for cannot be had here, or, with Auto, none that closes anything.
type UnavailableError struct {
	Kind Kind
	Why  string
	Root bool // whether root asked
}

func (e *UnavailableError) Error() string {
	if e.Kind == Auto {
		return "no sandbox works here: " + e.Why
	}
	return fmt.Sprintf("the sandbox %s cannot be used (%s)", e.Kind, e.Why)
}

// BrokenError says that a sandbox that was found to work has failed by itself: no program in it is to blame.
type BrokenError struct {
	Kind  Kind
	Doing string // what could not be done
	Why   string // what was said of it, "" for nothing
}

func (e *BrokenError) Error() string {
	text := fmt.Sprintf("the sandbox (%s) fails: cannot %s", e.Kind, e.Doing)
	if e.Why != "" {
		text += ": " + e.Why
	}
	return text
}

// MountError says that a sandbox cannot show something at a path where it does not lie.
type MountError struct {
	Kind       Kind
	Host, Path string
}

func (e *MountError) Error() string {
	return fmt.Sprintf("the sandbox (%s) cannot show %s at %s", e.Kind, e.Host, e.Path)
}

// ReachError says that the sandbox's user cannot enter a directory that it needs.
type ReachError struct {
	User, Path string
	Closed     string // the directory that is in the way: Path or one above it
}

func (e *ReachError) Error() string {
	return fmt.Sprintf("%s cannot reach %s: %s is closed to it", e.User, e.Path, e.Closed)
}

// LimitError says that a build took more than it may, and was ended.
type LimitError struct{ Name, Value string }

func (e *LimitError) Error() string {
	return map[string]string{
		"time": "it took longer than ", "memory": "its processes held more memory than ",
		"processes": "it had more processes at once than ", "output": "it wrote more bytes than ",
	}[e.Name] + e.Value
}
