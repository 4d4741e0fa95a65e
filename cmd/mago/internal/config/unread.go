package config

import (
	"errors"
	"path/filepath"
	"regexp"

	"mago/debpkg/word"
)

// aside are the names that editors, dpkg and administrators give to files that are put aside.
var aside = regexp.MustCompile(`^README|~$|^#.*#$|\.(?:bak|orig|rej|save|old|off|dis|disabled|swp|(?:dpkg|ucf|rpm)-?[a-z]+)$`)

func isAside(name string) bool { return aside.MatchString(name) }

// noteNear notes what lies beside mago.conf under a name that is hardly meant.
func (r *reader) noteNear(d Dir) {
	own := []string{"mago.conf", "mago.conf.d", "modules"}
	entries, err := d.Root.ReadDir(d.Path)
	if err != nil {
		return // who reads what is in it says so
	}
	for _, e := range entries {
		if meant := word.Nearest(e.Name(), own); meant != "" && meant != e.Name() && !isAside(e.Name()) {
			r.unread(filepath.Join(d.Root.String(), d.Path, e.Name()), meant+" is the nearest name that it reads")
		}
	}
}

func (r *reader) unread(file, why string) {
	r.ignored = append(r.ignored, &Mistake{File: file, Err: errors.New("mago does not read it: " + why)})
}
