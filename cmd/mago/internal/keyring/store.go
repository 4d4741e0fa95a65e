package keyring

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"mago/debpkg/rooted"
	"mago/kbuild/signing/pkcs11"
	"mago/sources/lock"
)

// Store is Dir below a root: the one key of mago's own, and what it has been before. One process at a time changes it.
type Store struct {
	Root   rooted.Root
	Locks  lock.Locks // whose Dir the store knows itself
	Tokens pkcs11.Helper

	rename func(from, to string) error // nil is os.Rename
}

// The names in Dir. The signing key's file also has its certificate, and its root's: all of them change with one rename.
const (
	signingKey  = "signing.key"
	signingCert = "signing.crt" // where somebody has put it beside the key
	rootCert    = "root.crt"
	rootKey     = "root.key"         // of a root, encrypted
	offlineKey  = "offline/root.key" // of a root, not encrypted: it is to be moved away
	mokCert     = "mok.der"          // what is enrolled, as mokutil takes it
	retired     = "old"
	revoked     = "revoked"
)

// OfflineKey is where a root's private key lies that is not encrypted and has not been moved away yet, and MOK what mokutil is to
// enroll, both inside the root.
const (
	OfflineKey = Dir + "/" + offlineKey
	MOK        = Dir + "/" + mokCert
)

// together are the files that make a key.
var together = []string{signingKey, signingCert, rootCert, rootKey, offlineKey, mokCert}

// change is a change of the store by this process alone.
type change struct {
	dir     string
	rename  func(from, to string) error
	release func()
}

// begin makes the directory where there is none, and brings to its end, or sweeps, what a kill has left. The error is a
// *lock.BusyError where another process changes it.
func (s Store) begin(ctx context.Context) (*change, error) {
	dir, err := s.Root.Path(Dir)
	if err != nil {
		return nil, err
	}
	s.Locks.Dir = dir
	release := func() {}
	if err = makeClosed(dir); err == nil {
		release, err = s.Locks.Take(ctx, lock.Thing{Name: "keys", What: Dir, Doing: "changed"})
	}
	if errors.Is(err, fs.ErrPermission) || errors.Is(err, syscall.EROFS) {
		return nil, &UnwritableError{err}
	}
	if err != nil {
		return nil, err
	}
	c := &change{dir, s.rename, release}
	if c.rename == nil {
		c.rename = os.Rename
	}
	if err := c.settle(); err != nil {
		release()
		return nil, err
	}
	return c, nil
}

// UnwritableError is a store that cannot be changed, because of its file system.
type UnwritableError struct{ Err error }

func (e *UnwritableError) Error() string {
	return fmt.Sprintf("the keys in %s cannot be changed: %v", Dir, e.Err)
}
func (e *UnwritableError) Unwrap() error { return e.Err }

// makeClosed makes a directory that only its owner may enter.
func makeClosed(dir string) error {
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		return err
	}
	if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return os.Chmod(dir, 0o700)
}

func (c *change) path(name string) string { return filepath.Join(c.dir, name) }

// has reports whether a file is there.
func (c *change) has(name string) bool {
	_, err := os.Lstat(c.path(name))
	return err == nil
}

// inside is what a name in the store is called inside the root.
func inside(names ...string) string { return filepath.Join(append([]string{Dir}, names...)...) }
