package catalog

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io/fs"
	"path"
)

// inputs are the files, and the directories of files, that decide what apt knows and prefers (apt.conf(5), "DIRECTORIES").
var inputs = []string{
	listsDir,
	"/etc/apt/sources.list", "/etc/apt/sources.list.d",
	"/etc/apt/preferences", "/etc/apt/preferences.d",
	"/etc/apt/apt.conf", "/etc/apt/apt.conf.d",
}

// fingerprint condenses path, size and time of every input. It reads no contents.
func (c Config) fingerprint() (string, error) {
	sum := sha256.New()
	for _, input := range inputs {
		if err := c.addInput(sum, input); err != nil {
			return "", fmt.Errorf("look at apt's configuration and lists: %w", err)
		}
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

func (c Config) addInput(sum hash.Hash, host string) error {
	info, err := c.Root.Stat(host)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case info.IsDir():
		return c.addDir(sum, host)
	}
	fmt.Fprintf(sum, "%q %d %d\n", host, info.Size(), info.ModTime().UnixNano())
	return nil
}

func (c Config) addDir(sum hash.Hash, host string) error {
	entries, err := c.Root.ReadDir(host)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if e.IsDir() || host == listsDir && !listOrRelease(e.Name()) {
			continue
		}
		if err := c.addInput(sum, path.Join(host, e.Name())); err != nil {
			return err
		}
	}
	return nil
}

// listOrRelease ignores apt's translations, contents and lock, which change without changing any module.
func listOrRelease(name string) bool {
	_, isList := listArchitecture(name)
	return isList || releaseFile.MatchString(name)
}

// Stale reports whether apt's lists, sources, preferences or configuration have changed since the index was built. Installed
// packages do not count: Open reads dpkg's status each time.
func (ix *Index) Stale(c Config) bool {
	now, err := c.fingerprint()
	return err != nil || now != ix.Inputs
}
