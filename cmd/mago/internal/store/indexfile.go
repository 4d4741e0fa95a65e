package store

import (
	"bufio"
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"hash"
	"io"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
)

// readIndex gives the units of the index; none where it cannot be used.
func (s *Store) readIndex() map[ID]*unit {
	file, err := os.Open(filepath.Join(s.dir, indexFile))
	if err != nil {
		return map[ID]*unit{}
	}
	entries, at, err := readTable(file)
	if err != nil {
		_ = file.Close()
		return map[ID]*unit{}
	}
	texts := &indexTexts{file: file}
	units := make([]unit, len(entries))
	known := make(map[ID]*unit, len(units))
	for i, e := range entries {
		units[i] = unit{unitEntry: e, in: texts, at: at}
		known[e.ID], at = &units[i], at+int64(e.Size)
	}
	return known
}

// indexTexts are the texts of an index. They stay on the disk, for of thousands most are never asked for.
type indexTexts struct {
	file *os.File

	lock sync.Mutex
	at   int64  // where the part begins
	part string // that was read last: who asks for one text asks for the next one
}

func (t *indexTexts) text(at int64, size int) (string, error) {
	t.lock.Lock()
	defer t.lock.Unlock()
	if end := t.at + int64(len(t.part)); at < t.at || at+int64(size) > end {
		var part strings.Builder
		_, err := io.Copy(&part, io.NewSectionReader(t.file, at, max(int64(size), 1<<16)))
		if t.at, t.part = at, part.String(); len(t.part) < size {
			return "", errors.Join(err, errCodec)
		}
	}
	return t.part[at-t.at:][:size], nil
}

// indexHead begins the index.
type indexHead struct {
	Format [len(indexFormat)]byte
	Sum    [sha256.Size]byte
	Table  uint64 // bytes of the table
}

// sum begins the sum, which is over the length too.
func (h indexHead) sum() hash.Hash {
	sum := sha256.New()
	_, _ = sum.Write(binary.LittleEndian.AppendUint64(nil, h.Table))
	return sum
}

// readTable reads the table of an index whose sum is right, and says where the texts begin.
func readTable(file *os.File) (entries []unitEntry, texts int64, err error) {
	var head indexHead
	if err := binary.Read(file, binary.LittleEndian, &head); err != nil {
		return nil, 0, err
	}
	var table strings.Builder
	sum := head.sum()
	_, err = io.CopyN(io.MultiWriter(&table, sum), file, int64(head.Table))
	if err == nil {
		_, err = io.Copy(sum, file)
	}
	if err != nil || string(head.Format[:]) != indexFormat || !bytes.Equal(head.Sum[:], sum.Sum(nil)) {
		return nil, 0, errors.Join(err, errCodec)
	}
	d := decoder{text: table.String()}
	d.into(reflect.ValueOf(&entries).Elem())
	return entries, int64(binary.Size(head) + table.Len()), d.err
}

// writeIndex has an index beside the records. One that another process is writing is removed: each is written under a name of its
// own, and has the index's only when it is whole.
func (s *Store) writeIndex() (err error) {
	const unfinished = "unfinished." + indexFile + ".*"
	others, _ := Entries(s.dir, unfinished)
	for _, other := range others {
		_ = os.Remove(other)
	}
	file, err := os.CreateTemp(s.dir, unfinished)
	if err != nil {
		return err
	}
	err = errors.Join(writeUnits(file, s.known), file.Chmod(0o644), file.Sync(), file.Close())
	if err == nil {
		err = os.Rename(file.Name(), filepath.Join(s.dir, indexFile))
	}
	if err != nil {
		return errors.Join(err, removeIfThere(file.Name()))
	}
	return syncDir(s.dir)
}

func writeUnits(file *os.File, known map[ID]*unit) error {
	entries := make([]unitEntry, 0, len(known))
	units := slices.SortedFunc(maps.Values(known), func(a, b *unit) int {
		return cmp.Or(strings.Compare(a.Module, b.Module), strings.Compare(a.Kernel, b.Kernel))
	})
	for _, u := range units {
		entries = append(entries, u.unitEntry)
	}
	table := encode(nil, reflect.ValueOf(entries))
	head := indexHead{Format: [len(indexFormat)]byte([]byte(indexFormat)), Table: uint64(len(table))}
	if _, err := file.Seek(int64(binary.Size(head)), io.SeekStart); err != nil {
		return err
	}
	sum := head.sum()
	w := bufio.NewWriter(io.MultiWriter(file, sum))
	_, _ = w.Write(table) // Flush has the error
	for _, u := range units {
		text, err := u.text()
		if err != nil {
			return err
		}
		_, _ = w.WriteString(text)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	head.Sum = [sha256.Size]byte(sum.Sum(nil))
	text, err := binary.Append(nil, binary.LittleEndian, head)
	if err == nil {
		_, err = file.WriteAt(text, 0)
	}
	return err
}

// DropIndex removes the index.
func (s *Store) DropIndex() error { return removeIfThere(filepath.Join(s.dir, indexFile)) }
