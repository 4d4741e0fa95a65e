package apt

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/google/renameio/v2"

	"mago/debpkg"
	"mago/debpkg/codec"
)

// take verifies the .deb that apt left in dir, whose name begins like that, and copies it to path. It first takes the directory
// back from apt's user, and refuses special files. It copies because a process of that user may still have the file open.
func (d Deb) take(ctx context.Context, dir, begins, path string) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	if err := root.Lchown(".", os.Geteuid(), -1); err != nil {
		return err
	}
	name, err := onlyDeb(dir, begins)
	if err != nil {
		return err
	}
	in, err := root.Open(name)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := renameio.NewPendingFile(path, renameio.WithTempDir(dir), renameio.WithPermissions(0o644), renameio.IgnoreUmask())
	if err != nil {
		return err
	}
	defer out.Cleanup()
	if _, err := io.Copy(out, codec.Until(ctx, in)); err != nil {
		return err
	}
	if err := d.Verify(ctx, out.Name()); err != nil {
		return err
	}
	return out.CloseAtomicallyReplace()
}

// onlyDeb names the one file that apt leaves whose name begins like that.
func onlyDeb(dir, begins string) (string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return "", err
	}
	var names []string
	for _, e := range entries {
		if e.Type().IsRegular() && filepath.Ext(e.Name()) == ".deb" && strings.HasPrefix(e.Name(), begins) {
			names = append(names, e.Name())
		}
	}
	if len(names) != 1 {
		return "", fmt.Errorf("apt-get left %d .deb files instead of one", len(names))
	}
	return names[0], nil
}

// Verify compares a file with d: its hash with that of apt's lists before it is opened, then what the .deb says of itself.
func (d Deb) Verify(ctx context.Context, path string) error {
	sum, err := hashFile(ctx, path)
	switch {
	case err != nil:
		return err
	case d.SHA256 == "":
		return errors.New("apt's lists have no SHA256 of it")
	case sum != d.SHA256:
		return fmt.Errorf("check %s: SHA256 is %s, apt's lists have %s", filepath.Base(path), sum, d.SHA256)
	}
	deb, err := debpkg.Open(path)
	if err != nil {
		return err
	}
	defer deb.Close()
	name, version, arch := deb.Control().Get("Package"), deb.Control().Get("Version"), deb.Control().Get("Architecture")
	if name != d.Name.String() || version != d.Version.String() {
		return fmt.Errorf("check %s: it is %s %s", filepath.Base(path), name, version)
	}
	if !d.Architecture.IsZero() && arch != d.Architecture.String() && arch != "all" {
		return fmt.Errorf("check %s: it is for %s", filepath.Base(path), arch)
	}
	return nil
}

func hashFile(ctx context.Context, path string) (string, error) {
	file, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer file.Close()
	h := sha256.New()
	if _, err := io.Copy(h, codec.Until(ctx, file)); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}
