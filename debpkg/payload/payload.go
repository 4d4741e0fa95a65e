// Package payload is the policy for the packages of a kernel module: which files they may have, and that these overwrite
// nothing and are used instead of nothing. It reads packages and systems and changes neither.
package payload

import (
	"io"
	"io/fs"

	"mago/debpkg"
)

// Entry is a file, symbolic link or directory of a package.
type Entry struct {
	Path string      // absolute, as the package has it
	Link string      // a symbolic link's target
	Mode fs.FileMode // permissions, and what else lends rights; fs.ModeDir for a directory
	Odd  string      // what else it is, "" for one of these three

	Soname string // of a shared library among the system's own, as its bytes say; "" where they say none
}

// Package is a package as far as the policy needs it.
type Package struct {
	Name      string
	Entries   []Entry
	Conffiles []string
	Replaces  string // the field, which says whose files it may take
}

// Of describes files that are to be packed.
func Of(name string, files []debpkg.File, conffiles []string) (Package, error) {
	p := Package{Name: name, Conffiles: conffiles}
	for _, f := range files {
		e := Entry{Path: f.Path, Link: f.Link, Mode: f.Mode}
		if isLibrary(f.Path) && f.Open != nil {
			r, err := f.Open()
			if err != nil {
				return p, err
			}
			e.Soname = soname(io.LimitReader(r, maxLibrary))
			r.Close()
		}
		p.Entries = append(p.Entries, e)
	}
	return p, nil
}
