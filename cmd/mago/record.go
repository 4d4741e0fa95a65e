package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/google/renameio/v2"
)

// The results that a record can have.
const (
	resultBuilt   = "built"
	resultFailed  = "failed"
	resultExclude = "not meant for this kernel"
)

// record is what a finished build leaves beside its log: enough to know what went in and to do it again.
type record struct {
	Format  int       `json:"format"` // 1
	Module  string    `json:"module"`
	Kernel  string    `json:"kernel"` // release
	Result  string    `json:"result"`
	Error   string    `json:"error,omitempty"`
	Started time.Time `json:"started"`
	Seconds float64   `json:"seconds"`

	Source        recordSource `json:"source"`
	KernelPackage string       `json:"kernel_package,omitempty"`
	KernelVersion string       `json:"kernel_version"`
	Compiler      string       `json:"compiler"`
	Room          string       `json:"room"`
	Recipe        string       `json:"recipe,omitempty"`

	Modules []string `json:"modules,omitempty"` // paths of the package's .ko files
	Package string   `json:"package,omitempty"`
	Version string   `json:"version"`
	Deb     string   `json:"deb,omitempty"`
	SHA256  string   `json:"sha256,omitempty"` // of the .deb
	Size    int64    `json:"size,omitempty"`   // of the .deb, in bytes
	Log     string   `json:"log"`
}

type recordSource struct {
	Package string `json:"package,omitempty"` // source package, "" for local ones
	Version string `json:"version"`
	Origin  string `json:"origin"`
	Path    string `json:"path"`
	SHA256  string `json:"sha256,omitempty"`
}

// writeRecord replaces a unit's record in one step.
func (p paths) writeRecord(r record) error {
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	return renameio.WriteFile(p.record(r.Module, r.Kernel), append(text, '\n'), 0o644)
}

// readRecord gives the last build of a unit; false where there is none, or none that can be read.
func (p paths) readRecord(module, release string) (record, bool) {
	var r record
	text, err := os.ReadFile(p.record(module, release))
	if err != nil || json.Unmarshal(text, &r) != nil {
		return record{}, false
	}
	return r, true
}

// records lists every unit's last build, by module and kernel.
func (p paths) records() ([]record, error) {
	files, err := filepath.Glob(filepath.Join(p.cache, "builds", "*", "*", "record.json"))
	if err != nil {
		return nil, err
	}
	var all []record
	for _, file := range files {
		release := filepath.Base(filepath.Dir(file))
		if r, ok := p.readRecord(filepath.Base(filepath.Dir(filepath.Dir(file))), release); ok {
			all = append(all, r)
		}
	}
	slices.SortFunc(all, func(a, b record) int {
		return strings.Compare(a.Module+"\x00"+a.Kernel, b.Module+"\x00"+b.Kernel)
	})
	return all, nil
}

// hasDeb reports whether the package that the record names is still there.
func (r record) hasDeb() bool {
	info, err := os.Stat(r.Deb)
	return r.Result == resultBuilt && err == nil && info.Size() == r.Size
}

// createLog opens a unit's log anew.
func (p paths) createLog(module, release string) (*os.File, error) {
	if err := os.MkdirAll(p.unitDir(module, release), 0o755); err != nil {
		return nil, err
	}
	file, err := os.Create(p.log(module, release))
	if errors.Is(err, fs.ErrPermission) {
		return nil, fmt.Errorf("%w (a user's own builds go where -u says)", err)
	}
	return file, err
}
