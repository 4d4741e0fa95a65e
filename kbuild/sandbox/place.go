package sandbox

import (
	"os"
	"path/filepath"
	"strings"
)

// Place is a directory that a sandbox shows below another one of the system's, beside what is there.
type Place struct {
	Base     string // a directory of the system, such as /usr/src; where it is not there, nothing is shown
	Name     string // path below Base
	Dir      string // host path of what is shown
	Writable bool
}

// hasBase reports whether a place's base is there.
func (r Sandbox) hasBase(p Place) bool {
	_, err := os.ReadDir(r.host(r.merged(p.Base)))
	return err == nil
}

// places lays out what is shown in other places.
func (r Sandbox) places(all []Place) []string {
	var args, seal []string
	laid := map[string]bool{}
	for _, p := range all {
		base := r.merged(p.Base)
		entries, err := os.ReadDir(r.host(base))
		if err != nil {
			continue
		}
		if !laid[base] {
			laid[base] = true
			args = append(args, r.repeat(base, entries, all)...)
			seal = append(seal, "--remount-ro", base) // what is bound below it stays as it is
		}
		how := "--ro-bind"
		if p.Writable {
			how = "--bind"
		}
		args = append(args, bind(how, p.Dir, filepath.Join(base, p.Name))...)
	}
	return append(args, seal...)
}

// repeat makes base a directory that can be added to: the system's /usr is read-only, even for a mount point. What the
// places hide of it is left out.
func (r Sandbox) repeat(base string, entries []os.DirEntry, all []Place) []string {
	hidden := map[string]bool{}
	for _, p := range all {
		first, _, _ := strings.Cut(p.Name, "/")
		hidden[first] = hidden[first] || r.merged(p.Base) == base
	}
	args := []string{"--tmpfs", base}
	for _, e := range entries {
		if !hidden[e.Name()] {
			args = append(args, r.show(filepath.Join(base, e.Name()))...)
		}
	}
	return args
}

// merged is where a path below /lib lies on a system with merged /usr.
func (r Sandbox) merged(path string) string {
	if _, err := os.Readlink(r.host("/lib")); err == nil && strings.HasPrefix(path, "/lib/") {
		return "/usr" + path
	}
	return path
}
