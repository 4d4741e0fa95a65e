package keyring

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// Several files take effect at once: they are written to staged, and count from its rename to ready on. Then they are moved to
// their places. An empty one stands for a file that goes.
const (
	staged = ".new"
	ready  = ".ready"
)

// replace makes files the key, and takes away those of the old one that they do not replace.
func (c *change) replace(files map[string][]byte) error {
	for _, name := range together {
		if err := writeSynced(c.path(filepath.Join(staged, name)), files[name]); err != nil {
			return err
		}
	}
	if err := c.move(staged, ready); err != nil {
		return err
	}
	return c.settle()
}

// settle moves files that count already to their places, and sweeps those that never will.
func (c *change) settle() error {
	if err := os.RemoveAll(c.path(staged)); err != nil {
		return err
	}
	for _, name := range together {
		if err := c.settleFile(name); err != nil {
			return err
		}
	}
	_ = os.Remove(filepath.Dir(c.path(offlineKey))) // which fails where the key is there
	return os.RemoveAll(c.path(ready))
}

func (c *change) settleFile(name string) error {
	from := filepath.Join(ready, name)
	info, err := os.Lstat(c.path(from))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case info.Size() > 0:
		return c.move(from, name)
	}
	if err := os.Remove(c.path(name)); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// write replaces one file.
func (c *change) write(name string, text []byte) error {
	beside := filepath.Join(staged, filepath.Base(name))
	if err := writeSynced(c.path(beside), text); err != nil {
		return err
	}
	if err := c.move(beside, name); err != nil {
		return err
	}
	return os.RemoveAll(c.path(staged))
}

// move renames, and has both on the disk before it returns.
func (c *change) move(from, to string) error {
	if err := os.MkdirAll(filepath.Dir(c.path(to)), 0o700); err != nil {
		return err
	}
	if err := syncDir(filepath.Dir(c.path(from))); err != nil {
		return err
	}
	if err := c.rename(c.path(from), c.path(to)); err != nil {
		return err
	}
	return syncDir(filepath.Dir(c.path(to)))
}

// writeSynced writes a new file that only its owner may read.
func writeSynced(path string, text []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = file.Write(text)
	return errors.Join(err, file.Sync(), file.Close())
}

func syncDir(path string) error {
	dir, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}
