package store

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// The index keeps the records as they were read last, so that listing thousands does not parse them again. It is only a
// copy: a unit counts as the index has it while its directory has not changed, in which records only ever get their names by
// renaming; every other unit is read again. An index that is damaged, or of another version of mago, is made anew.

// indexFile lies in the cache directory. Its text is indexFormat, the SHA-256 of the rest, and the rest as encode has it.
const indexFile = "records.index"

// indexFormat changes whenever Record does; see TestIndexFormat.
const indexFormat = "mago records 7\n"

// unindexed is how many records may have changed before the index is written again.
const unindexed = 64

// files are those of a unit that records are in: its last good build's, and what has failed since.
var files = [...]string{recordFile, failureFile}

// unit is what was read of those files.
type unit struct {
	ID
	Stamp stamp  // of the directory, before it was read; zero where it is to be read again
	Text  string // at most one record of each of the files, as encode has them: of thousands most are never asked for
}

// records are those of the text, which is whole.
func (u *unit) records() (all []Record) {
	d := decoder{text: u.Text}
	d.into(reflect.ValueOf(&all).Elem())
	return all
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
		records = append(records, u.records()...)
	}
	return records, nil
}

// Lookup gives a unit's last good build as All has it.
type Lookup func(ID) (Record, bool)

// Builds looks all units up once, as All does.
func (s *Store) Builds() (Lookup, error) {
	l, err := s.list(nil)
	return func(id ID) (Record, bool) {
		u, ok := l.known[id]
		if !ok {
			return Record{}, false
		}
		records := u.records()
		i := slices.IndexFunc(records, func(r Record) bool { return r.Result == Built })
		if i < 0 {
			return Record{}, false
		}
		return records[i], true
	}, err
}

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
	u := &unit{ID: id}
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
	u.Text = string(encode(nil, reflect.ValueOf(records)))
	return u, nil
}

// present drops the error that a path leads nowhere.
func present(err error) error {
	if Absent(err) {
		return nil
	}
	return err
}

// readIndex gives the units of the index; none where it cannot be used.
func (s *Store) readIndex() map[ID]*unit {
	rest, err := readSummed(filepath.Join(s.dir, indexFile))
	if err != nil {
		return map[ID]*unit{}
	}
	var units []unit
	d := decoder{text: rest}
	if d.into(reflect.ValueOf(&units).Elem()); d.err != nil {
		return map[ID]*unit{}
	}
	known := make(map[ID]*unit, len(units))
	for i := range units {
		known[units[i].ID] = &units[i]
	}
	return known
}

// readSummed reads what follows indexFormat and the sum over it. It may be long, and is held in memory once.
func readSummed(path string) (string, error) {
	file, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return "", err
	}
	head := make([]byte, len(indexFormat)+sha256.Size)
	if _, err := io.ReadFull(file, head); err != nil {
		return "", err
	}
	var rest strings.Builder
	rest.Grow(int(info.Size()))
	sum := sha256.New()
	if _, err := io.Copy(io.MultiWriter(&rest, sum), file); err != nil {
		return "", err
	}
	if !bytes.Equal(head, sum.Sum([]byte(indexFormat))) {
		return "", errCodec
	}
	return rest.String(), nil
}

// writeIndex has an index beside the records. Two that write at once may spoil it, which its hash tells.
func (s *Store) writeIndex() error {
	units := make([]unit, 0, len(s.known))
	for _, u := range s.known {
		units = append(units, *u)
	}
	rest := encode(nil, reflect.ValueOf(units))
	sum := sha256.Sum256(rest)
	return Replace(filepath.Join(s.dir, indexFile), slices.Concat([]byte(indexFormat), sum[:], rest))
}

// DropIndex removes the index.
func (s *Store) DropIndex() error { return removeIfThere(filepath.Join(s.dir, indexFile)) }
