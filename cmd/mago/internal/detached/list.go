package detached

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"mago/kbuild/foreign"
)

// format is that of the list.
const format = 1

// Request is a module that is to be signed, as it is without a signature.
type Request struct {
	Module  string `json:"module"` // mago's name of the unit's module
	Kernel  string `json:"kernel"` // release
	Package string `json:"package"`
	Version string `json:"version"`    // of the package
	Deb     string `json:"deb_sha256"` // of the package that its modules were compiled for
	Name    string `json:"name"`       // of the kernel module
	File    string `json:"file"`       // below the directory
	Hash    string `json:"hash"`       // that the kernel wants
	ECDSA   bool   `json:"ecdsa"`      // whether the kernel verifies what ECDSA keys sign
	SHA256  string `json:"sha256"`
	Size    int64  `json:"size"`
}

// list is what listFile holds.
type list struct {
	Format   int       `json:"format"`
	Requests []Request `json:"requests"`
}

// Requests reads the list. The error is an *Error.
func (d *Dir) Requests() ([]Request, error) {
	name := filepath.Join(d.name, listFile)
	text, err := foreign.ReadText(d.root, listFile, maxText)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, &Error{name, errors.New("there is no such file: write the requests with mago sign --requests on the machine that builds")}
	}
	if err != nil {
		return nil, &Error{name, err}
	}
	var l list
	if err := json.Unmarshal(text, &l); err != nil {
		return nil, &Error{name, err}
	}
	if l.Format != format {
		return nil, &Error{name, fmt.Errorf("it has the format %d, and this mago reads %d", l.Format, format)}
	}
	for _, r := range l.Requests {
		if err := r.check(); err != nil {
			return nil, &Error{name, err}
		}
	}
	return l.Requests, nil
}

// check refuses what leads elsewhere than a request may: its file lies below the directory, and its unit's names are parts of paths.
func (r Request) check() error {
	if !filepath.IsLocal(r.File) {
		return fmt.Errorf("%q is not below the directory", r.File)
	}
	for _, name := range []string{r.Module, r.Kernel} {
		if !filepath.IsLocal(name) || name == "." || filepath.Base(name) != name {
			return fmt.Errorf("%q is neither a module nor a kernel", name)
		}
	}
	return nil
}
