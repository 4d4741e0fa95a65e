package store

import (
	"bytes"
	"crypto/sha256"
	"encoding/gob"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"golang.org/x/sys/unix"
)

// The index keeps the records as they were read last, so that listing thousands does not parse them again. It is only a
// copy: a record counts as the index has it while the file is the very one that was read; every other file is read again.
// An index that is damaged, or of another version of mago, is made anew.

// indexFile lies in the cache directory. Its text is indexFormat, the SHA-256 of the rest, and the rest in gob.
const indexFile = "records.index"

// indexFormat changes whenever Record does; see TestIndexFormat.
const indexFormat = "mago records 1\n"

// unindexed is how many records may have changed before the index is written again.
const unindexed = 64

// files are those of a unit that records are in: its last good build's, and what has failed since.
var files = [...]string{recordFile, failureFile}

// unit is what was read of those files.
type unit [len(files)]entry

// entry is what was read of a file; no record where there is none, or a damaged one.
type entry struct {
	Stamp  stamp // zero where the file is to be read again
	Record *Record
}

// stamp tells files apart, and the states of one file.
type stamp struct {
	Inode   uint64
	Size    int64
	Changed unix.Timespec // also by a rename
}

// coarse is as long as a file may change without its stamp's time changing: a younger one is not yet told apart.
const coarse = time.Second

// stampAt is that of a file below an open directory.
func stampAt(dir *os.File, path string) (stamp, error) {
	var st unix.Stat_t
	err := unix.Fstatat(int(dir.Fd()), path, &st, 0)
	for errors.Is(err, unix.EINTR) {
		err = unix.Fstatat(int(dir.Fd()), path, &st, 0)
	}
	if err != nil {
		return stamp{}, &fs.PathError{Op: "stat", Path: filepath.Join(dir.Name(), path), Err: err}
	}
	return stamp{st.Ino, st.Size, st.Ctim}, nil
}

// isSettled reports whether a file read at that time cannot have changed since without its stamp telling.
func (s stamp) isSettled(read time.Time) bool {
	return time.Unix(s.Changed.Unix()).Add(coarse).Before(read)
}

// All lists every unit's last good build, and after it what has failed since, by module and kernel, without inputs. A damaged
// record is none; the error is that of a disk that cannot be read.
func (s *Store) All() ([]Record, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.known == nil {
		s.known = s.readIndex()
	}
	l := listing{store: s, records: make([]Record, 0, len(s.known)), known: make(map[ID]unit, len(s.known))}
	modules, err := s.Modules()
	for _, module := range modules {
		if err := l.module(module); err != nil {
			return nil, err
		}
	}
	if err != nil {
		return nil, err
	}
	gone := len(s.known) + l.added - len(l.known)
	s.known = l.known
	if l.read+gone > unindexed {
		_ = s.writeIndex() // who may not write there reads the records again
	}
	return l.records, nil
}

// listing is one pass over the records.
type listing struct {
	store   *Store
	records []Record
	known   map[ID]unit // what the next pass need not read
	read    int         // how many files of these this pass has read
	added   int         // how many units of these the pass before has not known
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
	for i, name := range files {
		if err := l.entry(dir, id, name, &u[i]); err != nil {
			return err
		}
		if u[i].Record != nil {
			l.records = append(l.records, *u[i].Record)
		}
	}
	if !known {
		l.added++
	}
	l.known[id] = u
	return nil
}

// entry brings e up to date; the error is that of a file that is there and cannot be read.
func (l *listing) entry(dir *os.File, id ID, name string, e *entry) error {
	path := id.Kernel + "/" + name
	at, err := stampAt(dir, path)
	if err != nil {
		*e = entry{}
		return present(err)
	}
	if e.Stamp == at {
		return nil
	}
	began := l.store.now()
	path = filepath.Join(dir.Name(), path)
	text, err := os.ReadFile(path)
	if err != nil {
		*e = entry{}
		return present(err)
	}
	l.store.parsed++
	*e = entry{}
	if r, err := parse(id, path, text); err == nil {
		r.Inputs = nil
		e.Record = &r
	}
	if at.isSettled(began) {
		e.Stamp = at
		l.read++
	}
	return nil
}

// present drops the error that a path leads nowhere.
func present(err error) error {
	if Absent(err) {
		return nil
	}
	return err
}

// readIndex gives the units of the index; none where it cannot be used.
func (s *Store) readIndex() map[ID]unit {
	known := map[ID]unit{}
	text, err := os.ReadFile(filepath.Join(s.dir, indexFile))
	if err != nil || len(text) < len(indexFormat)+sha256.Size || string(text[:len(indexFormat)]) != indexFormat {
		return known
	}
	sum, rest := text[len(indexFormat):][:sha256.Size], text[len(indexFormat)+sha256.Size:]
	if now := sha256.Sum256(rest); !bytes.Equal(sum, now[:]) || gob.NewDecoder(bytes.NewReader(rest)).Decode(&known) != nil {
		return map[ID]unit{}
	}
	return known
}

// writeIndex has an index beside the records. Two that write at once may spoil it, which its hash tells.
func (s *Store) writeIndex() error {
	var rest bytes.Buffer
	if err := gob.NewEncoder(&rest).Encode(s.known); err != nil {
		return err
	}
	sum := sha256.Sum256(rest.Bytes())
	return Replace(filepath.Join(s.dir, indexFile), slices.Concat([]byte(indexFormat), sum[:], rest.Bytes()))
}
