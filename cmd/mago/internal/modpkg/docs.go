package modpkg

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"time"

	"mago/debpkg"
	"mago/debpkg/visible"
)

// docs are the two files that Policy 12.5 and 12.7 want of a package: the source's own, whose changelog gets a first
// entry.
func (u Unit) docs(pkg, entry string) ([]debpkg.File, error) {
	statement := []byte("The source of these modules, " + u.Module + ", came without a statement of its copyright.\n" +
		"modinfo(8) shows the licence that each module declares.\n")
	changelog := []byte(entry)
	if path := u.Tree.Copyright; path != "" {
		var err error
		if statement, err = u.Tree.ReadDoc(path); err != nil {
			return nil, err
		}
	}
	if path := u.Tree.Changelog; path != "" {
		text, err := u.Tree.ReadDoc(path)
		if err != nil {
			return nil, err
		}
		changelog = append(append(changelog, '\n'), text...)
	}
	dir := "/usr/share/doc/" + pkg
	return []debpkg.File{debpkg.Bytes(dir+"/copyright", statement), debpkg.Bytes(dir+"/changelog.Debian.gz", gzipped(changelog))}, nil
}

// gzipped compresses as Policy 12.7 wants it.
func gzipped(text []byte) []byte {
	var compressed bytes.Buffer // which takes everything
	w, _ := gzip.NewWriterLevel(&compressed, gzip.BestCompression)
	_, _ = w.Write(text)
	_ = w.Close()
	return compressed.Bytes()
}

// entry is a changelog entry, a second younger than the source's last.
func (u Unit) entry(version, what string) string {
	source := u.Module
	if u.Package != nil {
		source = u.Package.Source.String()
	}
	return fmt.Sprintf("%s (%s) unstable; urgency=medium\n\n  * %s\n\n -- %s  %s\n",
		source, version, visible.Line(what), visible.Line(u.Maintainer), u.Date.Add(time.Second).Format(time.RFC1123Z))
}
