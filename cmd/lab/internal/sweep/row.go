package sweep

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// The results that one builder's work on a row can have.
const (
	built    = "built"
	failed   = "failed"
	notMeant = "not meant"
	needs    = "needs"
	tooLong  = "too long"
)

// outcome is how one builder fared.
type outcome struct {
	Result  string  `json:"result"`
	Why     string  `json:"why,omitempty"` // the first line that tells
	Seconds float64 `json:"seconds"`
	Donor   string  `json:"donor,omitempty"` // the kernel whose modules mago took
}

// answer is what the kernel said to one module.
type answer struct {
	Module string `json:"module"`
	Load   string `json:"load"` // one of the words of console.go
	Said   string `json:"said,omitempty"`
}

// choice is what a row is about: one source package for one kernel.
type choice struct {
	Package       string `json:"package"`
	Version       string `json:"version"`
	Kind          string `json:"kind"`
	Module        string `json:"module"`
	Kernel        string `json:"kernel"`
	KernelVersion string `json:"kernel_version"` // of its headers' package
}

// row is all that is known of a choice. A nil part has not been tried.
type row struct {
	choice
	Recipe  string   `json:"recipe,omitempty"`
	Mago    *outcome `json:"mago,omitempty"`
	Size    int64    `json:"size,omitempty"` // bytes of the .deb
	Modules []string `json:"modules,omitempty"`
	Common  string   `json:"common,omitempty"` // package that has to be installed with it
	Install *outcome `json:"install,omitempty"`
	Loads   []answer `json:"loads,omitempty"`
	Peer    *outcome `json:"peer,omitempty"`
}

// rows keeps a file for each row below a directory.
type rows struct{ dir string }

// path names a row's file of a kind: .json, .deb, .log (what all programs said), .build.log (mago's own).
func (r rows) path(c choice, suffix string) string {
	name := func(words ...string) string { return strings.ReplaceAll(strings.Join(words, "_"), "/", "_") }
	return filepath.Join(r.dir, name(c.Package, c.Version), name(c.Kernel, c.KernelVersion)+suffix)
}

// load gives what earlier runs have found out. A row that a full disk or a kill has left damaged is an empty one.
func (r rows) load(c choice) row {
	var found row
	text, err := os.ReadFile(r.path(c, ".json"))
	if err != nil || json.Unmarshal(text, &found) != nil || found.choice != c {
		return row{choice: c}
	}
	return found
}

func (r rows) save(x row) error {
	text, err := json.MarshalIndent(x, "", "  ")
	if err != nil {
		return err
	}
	path := r.path(x.choice, ".json")
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return replaceFile(path, append(text, '\n'))
}

// replaceFile leaves the old file or the new one.
func replaceFile(path string, text []byte) error {
	if err := os.WriteFile(path+".new", text, 0o644); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}

// forget takes away what a run with these options does again. The others' work stays in a run without them.
func (x row) forget(fresh, retry, peers bool) row {
	again := func(o *outcome, good ...string) bool {
		return fresh || retry && o != nil && !slices.Contains(good, o.Result)
	}
	if peers && again(x.Peer, built, notMeant) {
		x.Peer = nil
	}
	if again(x.Mago, built, notMeant) {
		return row{choice: x.choice, Peer: x.Peer}
	}
	if again(x.Install, installed) {
		x.Install = nil
	}
	if retry && !loadsWell(x.Loads) {
		x.Loads = nil
	}
	return x
}
