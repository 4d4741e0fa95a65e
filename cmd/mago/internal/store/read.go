package store

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

// Get gives the last good build of a unit; false where there is none, or none that can be read.
func (s *Store) Get(id ID) (Record, bool) {
	r, err := s.Load(id)
	return r, err == nil
}

// Load is Get with the reason why there is none: fs.ErrNotExist, or a record that is damaged or cannot be read.
func (s *Store) Load(id ID) (Record, error) { return load(filepath.Join(s.Dir(id), recordFile), id) }

// Failure gives what has failed since the last good build.
func (s *Store) Failure(id ID) (Record, bool) {
	r, err := load(filepath.Join(s.Dir(id), failureFile), id)
	return r, err == nil
}

// Has reports whether a unit has a good build, without reading its record.
func (s *Store) Has(id ID) bool {
	info, err := os.Lstat(filepath.Join(s.Dir(id), recordFile))
	return err == nil && info.Mode().IsRegular()
}

// Proven is what StageProven kept of a unit's last good build.
func (s *Store) Proven(id ID) ([]byte, error) {
	return os.ReadFile(filepath.Join(s.Dir(id), provenFile))
}

// IsBuilt reports whether a module has a good build for some kernel.
func (s *Store) IsBuilt(module string) bool {
	kernels, _ := s.Kernels(module) // what cannot be read holds none that serves
	return slices.ContainsFunc(kernels, func(kernel string) bool { return s.Has(ID{module, kernel}) })
}

func load(path string, id ID) (Record, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return Record{}, err
	}
	return parse(id, path, text)
}

func parse(id ID, path string, text []byte) (r Record, err error) {
	if err := json.Unmarshal(text, &r); err != nil {
		return Record{}, fmt.Errorf("parse %s: %w", path, err)
	}
	if !r.isOf(id) {
		return Record{}, fmt.Errorf("%s is not the record of that build", path)
	}
	return r, nil
}

// Of lists a module's records as All does, with their inputs.
func (s *Store) Of(module string) (all []Record, err error) {
	kernels, err := s.Kernels(module)
	for _, kernel := range kernels {
		id := ID{module, kernel}
		for _, name := range files {
			r, err := load(filepath.Join(s.Dir(id), name), id)
			if err == nil {
				all = append(all, r)
			} else if failed := (*fs.PathError)(nil); errors.As(err, &failed) && !Absent(err) {
				return nil, err
			}
		}
	}
	return all, err
}
