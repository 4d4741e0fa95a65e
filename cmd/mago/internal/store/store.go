// Package store keeps what was built: records, failures, logs and packages, found by unit. It says nothing of what may be
// built or installed. Who changes a unit holds that unit's lock; readers hold none, since every file that has its name is
// whole.
package store

import (
	"path/filepath"
	"sync"
	"time"
)

// Store is one cache directory's builds, packages and work directories. Its methods may be called at the same time.
type Store struct {
	dir string

	now func() time.Time

	mu     sync.Mutex
	known  map[ID]*unit // what was read so far; nil before the index is read
	parsed int          // counts the files read for that
}

// Open gives the store below a cache directory, which need not be there yet.
func Open(dir string) *Store { return &Store{dir: dir, now: time.Now} }

// ID names a unit: one module for one kernel release.
type ID struct {
	Module string `json:"module"`
	Kernel string `json:"kernel,omitempty"` // release
}

// The files of a unit's directory. A failure lies beside the last good build; the next good build ends it.
const (
	recordFile, logFile         = "record.json", "build.log"
	failureFile, failureLogFile = "failure.json", "failure.log"
	symversFile                 = "Module.symvers" // of the last good build, for modules that need it
	sbomFile                    = "sbom.spdx.json" // of the last good build
	provenFile                  = "proven.json"    // what is known of the last good build's modules

	unfinishedLog, unfinishedRecord   = "unfinished.log", "unfinished.json"
	unfinishedSymvers, unfinishedSBOM = "unfinished.symvers", "unfinished.sbom"
	unfinishedProven                  = "unfinished.proven"
	unfinishedFiles                   = "unfinished.*"
)

// Debs is the directory of the packages.
func (s *Store) Debs() string { return filepath.Join(s.dir, "debs") }

// Dir holds a unit's records and logs.
func (s *Store) Dir(id ID) string { return filepath.Join(s.builds(), id.Module, id.Kernel) }

func (s *Store) builds() string { return filepath.Join(s.dir, "builds") }

// WorkDir is where everything is compiled.
func (s *Store) WorkDir() string { return filepath.Join(s.dir, "work") }

// Work is where a unit is compiled. It exists only meanwhile.
func (s *Store) Work(id ID) string { return filepath.Join(s.WorkDir(), id.Module+"_"+id.Kernel) }

// Stage is where a unit's packages wait for their names. It exists only meanwhile.
func (s *Store) Stage(id ID) string {
	return filepath.Join(s.Debs(), ".mago-"+id.Module+"_"+id.Kernel)
}

// Symvers is where the symbols lie that a unit's last good build exports, if it exports any.
func (s *Store) Symvers(id ID) string { return filepath.Join(s.Dir(id), symversFile) }

// Modules are those that the store has a directory of.
func (s *Store) Modules() ([]string, error) { return names(s.builds()) }

// Kernels are the releases that the store has a directory of a module for.
func (s *Store) Kernels(module string) ([]string, error) {
	return names(filepath.Join(s.builds(), module))
}

// Packages are the .deb files whose names match a pattern of path.Match.
func (s *Store) Packages(pattern string) ([]string, error) { return Entries(s.Debs(), pattern) }

// Unfinished is what a build that was killed has left of a unit's files.
func (s *Store) Unfinished(id ID) ([]string, error) {
	files, err := Entries(s.Dir(id), unfinishedFiles)
	return append(files, s.Work(id), s.Stage(id)), err
}
