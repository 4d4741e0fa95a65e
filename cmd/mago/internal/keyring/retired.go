package keyring

import (
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"mago/debpkg/rooted"
	"mago/kbuild/signing"
)

// Retired is the certificate of a key that signs no more.
type Retired struct {
	Certificate *x509.Certificate
	Since       time.Time
	Revoked     bool
}

// Retired are the certificates of leaves that others have followed, the last one first.
func (s Store) Retired() (all []Retired, err error) {
	entries, err := s.Root.ReadDir(inside(retired))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	var present *x509.Certificate
	if k, err := s.Own(); err == nil {
		present = k.Certificate
	}
	for _, e := range entries {
		info, failed := e.Info()
		name := inside(retired, e.Name())
		if e.IsDir() { // of a key that another one has replaced
			name = inside(retired, e.Name(), signingKey)
		} else if !strings.HasSuffix(e.Name(), ".crt") {
			continue
		}
		if failed != nil {
			continue
		}
		c, failed := readCertificate(s.Root, name)
		if errors.Is(failed, fs.ErrNotExist) {
			continue
		}
		if failed != nil {
			return nil, failed
		}
		if present != nil && c.Equal(present) { // a change that was killed has not made another yet
			continue
		}
		all = append(all, Retired{c, info.ModTime(), isRevoked(s.Root, c)})
	}
	slices.SortStableFunc(all, func(a, b Retired) int { return b.Since.Compare(a.Since) })
	return all, err
}

// retire keeps the certificate of a leaf that another one follows. Its private key goes.
func (c *change) retire(leaf *x509.Certificate) error {
	return c.write(filepath.Join(retired, shortName(leaf)+".crt"), signing.FormatCertificate(leaf))
}

// keep has all files of the present key in a directory below retired, too, and gives its name inside the store; "" where there is no
// key.
func (c *change) keep(name string) (string, error) {
	if !slices.ContainsFunc(together, c.has) {
		return "", nil
	}
	for i := 1; ; i++ {
		dir := filepath.Join(retired, name)
		if i > 1 {
			dir += fmt.Sprint(".", i)
		}
		err := c.link(dir)
		if !errors.Is(err, fs.ErrExist) {
			return dir, err
		}
	}
}

// link links the present key's files into a directory, where a kill may have left it half done. The error is fs.ErrExist where files
// of another key are there.
func (c *change) link(dir string) error {
	for _, name := range together {
		from, to := c.path(name), c.path(filepath.Join(dir, strings.ReplaceAll(name, "/", "-")))
		if !c.has(name) || sameFile(from, to) {
			continue
		}
		if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
			return err
		}
		if err := os.Link(from, to); err != nil {
			return err
		}
	}
	return syncDir(c.path(retired))
}

func sameFile(a, b string) bool {
	one, err1 := os.Lstat(a)
	other, err2 := os.Lstat(b)
	return err1 == nil && err2 == nil && os.SameFile(one, other)
}

// RevokedError is a key that mago key revoke has ended.
type RevokedError struct{ Certificate *x509.Certificate }

func (e *RevokedError) Error() string {
	return fmt.Sprintf("the certificate %s is revoked", signing.Name(e.Certificate))
}

func isRevoked(root rooted.Root, c *x509.Certificate) bool {
	_, err := root.Lstat(inside(revoked, shortName(c)+".der"))
	return err == nil
}
