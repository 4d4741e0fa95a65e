package sources

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"mago/catalog"
	"mago/debpkg"
)

// take checks the .deb that apt left in dir and moves it to final. The directory comes back from apt's user first, and
// the file must be a plain one, so that nobody without our rights can change it, or what it is, after the check.
func take(pkg catalog.Package, dir, final string) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	if err := root.Lchown(".", os.Geteuid(), -1); err != nil {
		return err
	}
	name, err := onlyDeb(dir)
	if err != nil {
		return err
	}
	if err := root.Lchown(name, os.Geteuid(), -1); err != nil {
		return err
	}
	if err := root.Chmod(name, 0o644); err != nil {
		return err
	}
	if err := verify(pkg, filepath.Join(dir, name)); err != nil {
		return err
	}
	return os.Rename(filepath.Join(dir, name), final)
}

// onlyDeb names the one file apt leaves.
func onlyDeb(dir string) (string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return "", err
	}
	var names []string
	for _, e := range entries {
		if e.Type().IsRegular() && filepath.Ext(e.Name()) == ".deb" {
			names = append(names, e.Name())
		}
	}
	if len(names) != 1 {
		return "", fmt.Errorf("apt-get left %d .deb files instead of one", len(names))
	}
	return names[0], nil
}

// verify checks that a file is pkg's .deb: by the hash of apt's lists where they have one, and by what it says itself.
func verify(pkg catalog.Package, path string) error {
	if sum, err := hashFile(path); err != nil {
		return err
	} else if pkg.SHA256 != "" && sum != pkg.SHA256 {
		return fmt.Errorf("check %s: SHA256 is %s, apt's lists have %s", filepath.Base(path), sum, pkg.SHA256)
	}
	deb, err := debpkg.Open(path)
	if err != nil {
		return err
	}
	defer deb.Close()
	name, version := deb.Control().Get("Package"), deb.Control().Get("Version")
	if name != pkg.Name || version != pkg.Version {
		return fmt.Errorf("check %s: it is %s %s", filepath.Base(path), name, version)
	}
	return nil
}

func hashFile(path string) (string, error) {
	file, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer file.Close()
	h := sha256.New()
	if _, err := io.Copy(h, file); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}
