package modpkg

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"mago/debpkg"
	"mago/debpkg/codec"
	"mago/debpkg/visible"
)

// docs are the two files that Policy 12.5 and 12.7 want of a package; its changelog begins with entry.
func (u Unit) docs(pkg, entry string) ([]debpkg.File, error) {
	dir := "/usr/share/doc/" + pkg
	statement := []byte(fmt.Sprintf("The source of these modules, %s, came without a statement of its copyright.\n"+
		"modinfo(8) shows the licence that each module declares.\n", u.Module))
	if u.Tree.Copyright != "" {
		var text bytes.Buffer
		if err := u.appendDoc(&text, u.Tree.Copyright); err != nil {
			return nil, err
		}
		statement = text.Bytes()
	}
	log, err := u.changelog(entry)
	if err != nil {
		return nil, err
	}
	return []debpkg.File{debpkg.Bytes(dir+"/copyright", statement), debpkg.Bytes(dir+"/changelog.Debian.gz", log)}, nil
}

// entry is the changelog entry of this build.
func (u Unit) entry() string {
	what := fmt.Sprintf("Built by mago for Linux %s (%s).", u.Kernel.Release, u.Kernel.Version)
	return u.changelogEntry(Version(u.Version, u.Kernel.Version), what)
}

// changelogEntry is a second younger than the source's last.
func (u Unit) changelogEntry(version, what string) string {
	source := u.Module
	if u.Package != nil {
		source = u.Package.Source.String()
	}
	return fmt.Sprintf("%s (%s) unstable; urgency=medium\n\n  * %s\n\n -- %s  %s\n",
		source, version, visible.Line(what), visible.Line(u.Maintainer), u.Date.Add(time.Second).Format(time.RFC1123Z))
}

// changelog is the source's own, under a first entry, and compressed as Policy 12.7 wants it.
func (u Unit) changelog(entry string) ([]byte, error) {
	var text bytes.Buffer
	text.WriteString(entry)
	if u.Tree.Changelog != "" {
		text.WriteString("\n")
		if err := u.appendDoc(&text, u.Tree.Changelog); err != nil {
			return nil, err
		}
	}
	var compressed bytes.Buffer
	w, err := gzip.NewWriterLevel(&compressed, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	_, err = w.Write(text.Bytes())
	err = errors.Join(err, w.Close())
	return compressed.Bytes(), err
}

// maxDoc bounds, in bytes, what is read of a source's changelog and copyright; the longest of Debian's modules has
// 200 kB.
const maxDoc = 4 << 20

// appendDoc reads a file of the source, which may be compressed. Where the source is somebody's directory, no link in
// it is followed out of it.
func (u Unit) appendDoc(text *bytes.Buffer, path string) error {
	open := func() (*os.File, error) { return os.Open(path) }
	if rel, err := filepath.Rel(u.Tree.Dir, path); err == nil && filepath.IsLocal(rel) {
		open = func() (*os.File, error) { return u.openInTree(rel) }
	}
	file, err := open()
	if err != nil {
		return err
	}
	defer file.Close()
	decoded, _, err := codec.NewReader(file)
	if err != nil {
		return fmt.Errorf("read %s: %w", path, err)
	}
	defer decoded.Close()
	if _, err := io.Copy(text, io.LimitReader(decoded, maxDoc)); err != nil {
		return fmt.Errorf("read %s: %w", path, err)
	}
	return nil
}

// openInTree opens a file of the source; a pipe in its place must not hold mago up.
func (u Unit) openInTree(name string) (*os.File, error) {
	root, err := u.Tree.Open()
	if err != nil {
		return nil, err
	}
	defer root.Close()
	return root.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0)
}
