package debian

import (
	"context"
	"io/fs"
	"os"
)

// Dir is where those who have the store may keep files of their own, under names that no system has.
func (s *Store) Dir() string { return s.dir }

// Kept gives the system of that name as an earlier run left it, or a fresh one once prepare has done its part: where there
// is none, where prepare failed, and where this package or the sources that prepare belongs to have changed since. What its
// apt downloads is its own, as apt locks the directory: kept systems may be at work at the same time.
func (s *Store) Kept(ctx context.Context, name string, sources []fs.FS, prepare func(*System) error) (*System, error) {
	sys, archives := s.system(name), s.system(name+".archives").Dir
	if err := os.MkdirAll(archives, 0o755); err != nil {
		return nil, err
	}
	stamp, err := s.stamp(name, sources...)
	if err != nil {
		return nil, err
	}
	if _, ok := stamp.holds(); ok {
		sys.archives = archives
		return sys, s.connect(ctx, sys)
	}
	if err := stamp.clear(); err != nil {
		return nil, err
	}
	if sys, err = s.Fresh(ctx, name); err != nil {
		return nil, err
	}
	sys.archives = archives
	if err := prepare(sys); err != nil {
		return nil, err
	}
	return sys, stamp.set()
}
