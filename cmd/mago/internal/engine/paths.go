package engine

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"mago/kbuild/deep"
)

// Paths is where mago keeps things; host paths all.
type Paths struct {
	Cache string // index.json, downloads/, trees/, and what follows
	Dest  string // where copies of them go, "" for nowhere
}

// Debs holds the packages.
func (p Paths) Debs() string { return filepath.Join(p.Cache, "debs") }

// unitDir holds the records and the logs of one module for one kernel.
func (p Paths) unitDir(module, release string) string {
	return filepath.Join(p.Cache, "builds", module, release)
}

// workDir is where everything is compiled.
func (p Paths) workDir() string { return filepath.Join(p.Cache, "work") }

// work is where a unit is compiled; it exists only meanwhile.
func (p Paths) work(module, release string) string {
	return filepath.Join(p.workDir(), module+"_"+release)
}

// entries lists what lies in a directory under names that path.Match has for a pattern's. Unlike filepath.Glob it tells
// of a directory that cannot be read; one that is not there has none.
func entries(dir, pattern string) (paths []string, err error) {
	all, err := os.ReadDir(dir)
	if absent(err) {
		return nil, nil
	}
	for _, e := range all {
		if ok, err := filepath.Match(pattern, e.Name()); err != nil {
			return nil, err
		} else if ok {
			paths = append(paths, filepath.Join(dir, e.Name()))
		}
	}
	return paths, err
}

// removeTree removes what a build may have left.
func removeTree(dir string) error {
	if err := deep.Remove(dir); err != nil {
		return fmt.Errorf("remove %s: %w", dir, err)
	}
	return nil
}

// within makes a directory and does something in it, once more where another mago's clean has meanwhile taken it away for
// being empty.
func within(dir string, do func(dir string) error) (err error) {
	for range 10 {
		if err = os.MkdirAll(dir, 0o755); err == nil {
			err = do(dir)
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return err
}

// absent reports whether an error says that a path leads nowhere.
func absent(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR)
}
