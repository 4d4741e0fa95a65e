package catalog

import (
	"bytes"
	"errors"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// selectionPrefix begins the name of a selection's directory beside the index.
const selectionPrefix = ".lists-"

// selection is a directory of lists like apt's own, with the module sources only. apt without a fresh cache takes most of a
// second for all lists, and no time for these. What pins look at stays the same.
type selection struct {
	dir  string // for this process
	host string // for apt
}

// newSelection writes such lists. The caller removes the selection, also after an error.
func (c Config) newSelection(lists []list) (*selection, error) {
	host, err := c.Root.Inside(c.Dir)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(c.Dir, 0o755); err != nil {
		return nil, err
	}
	_ = c.Sweep() // what fails now is met again by the next run
	dir, err := os.MkdirTemp(c.Dir, selectionPrefix)
	if err != nil {
		return nil, err
	}
	s := &selection{dir: dir, host: path.Join(host, filepath.Base(dir))}
	for _, l := range lists {
		if err := s.write(l); err != nil {
			return s, err
		}
	}
	return s, s.copyReleases(c)
}

func (s *selection) remove() {
	if s != nil {
		if os.RemoveAll(s.dir) != nil { // a disk may fail for once
			_ = os.RemoveAll(s.dir) // else the next Update or Sweep removes it
		}
	}
}

func (s *selection) write(l list) error {
	var text bytes.Buffer
	for _, f := range l.found {
		text.Write(bytes.Trim(f.raw, "\n"))
		text.Write(separator)
	}
	return os.WriteFile(filepath.Join(s.dir, uncompressed(l.name)), text.Bytes(), 0o644)
}

// copyReleases copies the Release files that pins look at. A link would break where apt runs in another root.
func (s *selection) copyReleases(c Config) error {
	entries, err := c.Root.ReadDir(listsDir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), "Release") {
			continue
		}
		if err := s.copy(c, e.Name()); err != nil {
			return err
		}
	}
	return nil
}

func (s *selection) copy(c Config, name string) error {
	text, err := c.Root.ReadFile(path.Join(listsDir, name))
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(s.dir, name), text, 0o644)
}

// Leftovers lists the selections of running or killed Updates beside the index.
func (c Config) Leftovers() (paths []string) {
	for _, pattern := range []string{selectionPrefix + "*", "." + indexName + "*"} {
		some, _ := filepath.Glob(filepath.Join(c.Dir, pattern)) // fails on nothing but its pattern
		paths = append(paths, some...)
	}
	return paths
}

// Sweep removes leftovers. The caller ensures that no Update is running.
func (c Config) Sweep() (err error) {
	for _, path := range c.Leftovers() {
		err = errors.Join(err, os.RemoveAll(path))
	}
	return err
}
