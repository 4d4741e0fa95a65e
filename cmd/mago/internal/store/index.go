package store

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"time"

	"golang.org/x/sys/unix"
)

// The index keeps the records as they were read last, so that listing thousands does not parse them again. It is only a
// copy: a unit counts as the index has it while its directory has not changed, in which records only ever get their names by
// renaming; every other unit is read again. An index that is damaged, or of another version of mago, is made anew.

// indexFile lies in the cache directory: indexFormat, the SHA-256 of the rest, the length of the table of units, that table as
// encode has it, and the units' texts in the table's order. It never changes once it has its name.
const indexFile = "records.index"

// indexFormat changes whenever Record or unitEntry does; see TestIndexFormat.
const indexFormat = "mago records 10\n"

// unindexed is how many records may have changed before the index is written again.
const unindexed = 64

// files are those of a unit that records are in: its last good build's, and what has failed since.
var files = [...]string{recordFile, failureFile}

// unit is what was read of those files. Its text is at most one record of each of them, as encode has them.
type unit struct {
	unitEntry
	read string      // the text, where the files were read
	in   *indexTexts // else the index, which has it there
	at   int64
}

// unitEntry is a unit in the index's table.
type unitEntry struct {
	ID
	Stamp stamp // of the directory, before it was read; zero where it is to be read again
	Built bool  // whether a good build is among its records
	Size  int   // of the text
}

// text fails where the disk does.
func (u *unit) text() (string, error) {
	if u.in == nil {
		return u.read, nil
	}
	return u.in.text(u.at, u.Size)
}

// records are those of the text.
func (u *unit) records() (all []Record, err error) {
	text, err := u.text()
	if err != nil {
		return nil, err
	}
	d := decoder{text: text}
	d.into(reflect.ValueOf(&all).Elem())
	return all, d.err
}

// stamp tells directories apart, and the states of one.
type stamp struct {
	Inode   uint64
	Changed time.Time // also by a rename in it
}

// coarse is as long as a directory may change without its stamp's time changing: a younger one is not yet told apart.
const coarse = time.Second

// stampAt is that of a directory in an open one.
func stampAt(dir *os.File, path string) (stamp, error) {
	var st unix.Stat_t
	err := unix.Fstatat(int(dir.Fd()), path, &st, 0)
	for errors.Is(err, unix.EINTR) {
		err = unix.Fstatat(int(dir.Fd()), path, &st, 0)
	}
	if err != nil {
		return stamp{}, &fs.PathError{Op: "stat", Path: filepath.Join(dir.Name(), path), Err: err}
	}
	return stamp{st.Ino, time.Unix(st.Ctim.Unix()).UTC()}, nil
}

// isSettled reports whether a directory read at that time cannot have changed since without its stamp telling.
func (s stamp) isSettled(read time.Time) bool {
	return s.Changed.Add(coarse).Before(read)
}

// All lists every unit's last good build, and after it what has failed since, by module and kernel, without inputs; only those
// of the modules that are named, where some are. A damaged record is none; the error is that of a disk that cannot be read.
func (s *Store) All(only ...string) ([]Record, error) {
	l, err := s.list(only)
	if err != nil {
		return nil, err
	}
	records := make([]Record, 0, len(l.units))
	for _, u := range l.units {
		some, err := u.records()
		if err != nil {
			return nil, err
		}
		records = append(records, some...)
	}
	return records, nil
}

// Lookup gives a unit's last good build as All has it.
type Lookup func(ID) (Record, bool)

// Builds are all units' last good builds.
type Builds struct{ known map[ID]*unit }

// Builds looks all units up once, as All does.
func (s *Store) Builds() (Builds, error) {
	l, err := s.list(nil)
	return Builds{l.known}, err
}

// Has reports whether a unit has a good build. It reads no record.
func (b Builds) Has(id ID) bool {
	u, ok := b.known[id]
	return ok && u.Built
}

// Last is a Lookup.
func (b Builds) Last(id ID) (Record, bool) {
	if !b.Has(id) {
		return Record{}, false
	}
	records, _ := b.known[id].records() // what cannot be read is built anew
	i := slices.IndexFunc(records, isBuilt)
	if i < 0 {
		return Record{}, false
	}
	return records[i], true
}

func isBuilt(r Record) bool { return r.Result == Built }

// list passes over all units, or those of the modules that are named.
func (s *Store) list(only []string) (listing, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.known == nil {
		s.known = s.readIndex()
	}
	l := listing{store: s, units: make([]*unit, 0, len(s.known)), known: make(map[ID]*unit, len(s.known))}
	modules, err := slices.Compact(slices.Sorted(slices.Values(only))), error(nil)
	if len(only) == 0 {
		modules, err = s.Modules()
	}
	for _, module := range modules {
		if err := l.module(module); err != nil {
			return l, err
		}
	}
	if err != nil || len(only) > 0 {
		return l, err
	}
	gone := len(s.known) + l.added - len(l.known)
	s.known = l.known
	if l.read+gone > unindexed {
		_ = s.writeIndex() // who may not write there reads the records again
	}
	return l, nil
}

// listing is one pass over the records.
type listing struct {
	store *Store
	units []*unit      // in order
	known map[ID]*unit // what the next pass need not read
	read  int          // how many files of these this pass has read
	added int          // how many units of these the pass before has not known
}

func (l *listing) module(module string) error {
	dir, err := os.Open(filepath.Join(l.store.builds(), module))
	if err != nil {
		return present(err)
	}
	defer dir.Close()
	kernels, err := dir.Readdirnames(-1)
	if err != nil {
		return present(err)
	}
	slices.Sort(kernels)
	for _, kernel := range kernels {
		if err := l.unit(dir, ID{module, kernel}); err != nil {
			return err
		}
	}
	return nil
}

func (l *listing) unit(dir *os.File, id ID) error {
	u, known := l.store.known[id]
	at, err := stampAt(dir, id.Kernel)
	if err != nil {
		return present(err)
	}
	if u == nil || u.Stamp != at {
		if u, err = l.readUnit(id, at); err != nil {
			return err
		}
	}
	l.units = append(l.units, u)
	if !known {
		l.added++
	}
	l.known[id] = u
	return nil
}

// readUnit parses a unit's records; the error is that of a file that is there and cannot be read.
func (l *listing) readUnit(id ID, at stamp) (*unit, error) {
	u := &unit{unitEntry: unitEntry{ID: id}}
	began := l.store.now()
	if at.isSettled(began) {
		u.Stamp = at
	}
	var records []Record
	for _, name := range files {
		path := filepath.Join(l.store.Dir(id), name)
		text, err := os.ReadFile(path)
		if Absent(err) {
			continue
		}
		if err != nil {
			return nil, err
		}
		l.store.parsed++
		if at.isSettled(began) {
			l.read++
		}
		if r, err := parse(id, path, text); err == nil {
			r.Inputs = nil
			records = append(records, r)
		}
	}
	u.Built = slices.ContainsFunc(records, isBuilt)
	u.read = string(encode(nil, reflect.ValueOf(records)))
	u.Size = len(u.read)
	return u, nil
}

// present drops the error that a path leads nowhere.
func present(err error) error {
	if Absent(err) {
		return nil
	}
	return err
}
