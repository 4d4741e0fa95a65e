package debian

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"os"
	"time"
)

// own is this package's source, which makes every system.
//
//go:embed *.go
var own embed.FS

// stamp stands beside something finished and names what made it: a changed program makes it anew.
type stamp struct{ file, key string }

// stamp is that of a system, or of another thing in the store, which sources made beside this package's own.
func (s *Store) stamp(name string, sources ...fs.FS) (stamp, error) {
	hash := sha256.New()
	for _, source := range append([]fs.FS{own}, sources...) {
		if err := addFiles(hash, source); err != nil {
			return stamp{}, err
		}
	}
	return stamp{s.system(name + ".stamp").Dir, hex.EncodeToString(hash.Sum(nil))}, nil
}

// addFiles writes the names and contents of all files, in the order of their names.
func addFiles(w io.Writer, source fs.FS) error {
	return fs.WalkDir(source, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := fs.ReadFile(source, name)
		if err != nil {
			return err
		}
		_, err = w.Write(append([]byte(name+"\x00"), text...))
		return err
	})
}

// holds reports whether the thing was finished by the same programs, and when.
func (s stamp) holds() (since time.Time, ok bool) {
	text, err := os.ReadFile(s.file)
	if err != nil || string(text) != s.key {
		return time.Time{}, false
	}
	info, err := os.Stat(s.file)
	if err != nil {
		return time.Time{}, false
	}
	return info.ModTime(), true
}

func (s stamp) set() error { return os.WriteFile(s.file, []byte(s.key), 0o644) }

func (s stamp) clear() error {
	if err := os.Remove(s.file); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
