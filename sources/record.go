package sources

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/google/renameio/v2"

	"mago/catalog"
	"mago/debpkg/word"
	"mago/sources/way"
)

const (
	recordName   = "tree.json"
	besideDir    = "beside"
	recordFormat = 4 // a tree of another format is opened again
)

// record is the contents of tree.json: a Tree with paths relative to it, so that the cache may be moved.
type record struct {
	Format    int
	Name      string
	Version   string
	Origin    Origin
	Dir       string
	SHA256    string
	Digest    string    // of all that was opened
	Stamp     string    `json:",omitempty"` // what else tells the archive apart
	Copyright string    `json:",omitempty"`
	Changelog string    `json:",omitempty"`
	Runtime   []string  `json:",omitempty"`
	ModTime   time.Time `json:",omitzero"`
	LeftOut   []string  `json:",omitempty"`
	Others    []string  `json:",omitempty"`

	Package *catalog.Package `json:",omitempty"` // of a .deb that the user named
}

// write makes r the record of the tree at dir.
func (r record) write(dir string) error {
	r.Format = recordFormat
	data, err := json.MarshalIndent(r, "", "\t")
	if err != nil {
		return err
	}
	return renameio.WriteFile(filepath.Join(dir, recordName), append(data, '\n'), 0o644, renameio.WithTempDir(dir), renameio.IgnoreUmask())
}

// readRecord reads the record of the tree at dir; there is one in every complete tree.
func readRecord(dir string) (record, error) {
	var r record
	data, err := os.ReadFile(filepath.Join(dir, recordName))
	if err != nil {
		return r, err
	}
	if err := json.Unmarshal(data, &r); err != nil {
		return r, fmt.Errorf("parse %s: %w", filepath.Join(dir, recordName), err)
	}
	if r.Format != recordFormat {
		return r, fmt.Errorf("parse %s: format %d, not %d", filepath.Join(dir, recordName), r.Format, recordFormat)
	}
	if !r.plausible() {
		return r, fmt.Errorf("parse %s: damaged", filepath.Join(dir, recordName))
	}
	return r, nil
}

// plausible reports whether the record names a module, and only paths inside its tree.
func (r record) plausible() bool {
	local := func(path string) bool { return path == "" || filepath.IsLocal(path) }
	_, nameErr := word.ParseName(r.Name)
	_, versionErr := word.ParseVersion(r.Version)
	return (nameErr == nil || r.Name == "" && r.Origin == Tarball) && versionErr == nil && local(r.Dir) && local(r.Copyright) && local(r.Changelog) &&
		!slices.ContainsFunc(r.Runtime, func(path string) bool { return !local(strings.TrimPrefix(path, "/")) })
}

// read returns the tree of an owner, if it is complete, and its record.
func (f *Fetcher) read(owner, version string) (*Tree, record, error) {
	dir := f.place(owner, version)
	rec, err := readRecord(dir)
	if err != nil {
		return nil, rec, err
	}
	return rec.tree(dir), rec, nil
}

// tree returns the Tree at dir.
func (r record) tree(dir string) *Tree {
	return &Tree{
		Name: r.Name, Own: r.own(), Version: r.Version, Origin: r.Origin, Dir: filepath.Join(dir, r.Dir),
		SHA256: r.SHA256, ModTime: r.ModTime, place: dir, digest: r.Digest,
		Copyright: below(dir, r.Copyright), Changelog: below(dir, r.Changelog),
		Runtime: r.runtime(dir), LeftOut: r.LeftOut, Others: r.Others, Package: r.Package,
	}
}

// own is the name that a tarball gives itself; packages have the archive's name.
func (r record) own() string {
	if r.Origin == Tarball {
		return r.Name
	}
	return ""
}

// Open opens Dir as a root that no link leaves. The error is a *way.ChangedError where another directory has replaced it.
func (t *Tree) Open() (*os.Root, error) { return way.OpenRoot(t.Dir, t.at) }

// Beside is a directory for facts about an opened source, removed with it; "" for a source outside of the cache.
func (t *Tree) Beside() string {
	if t.place == "" {
		return ""
	}
	return filepath.Join(t.place, besideDir)
}

// Check compares an opened source with what was opened; the error is an *EditedError. It does not check sources outside of the
// cache.
func (t *Tree) Check(ctx context.Context) error {
	if t.digest == "" {
		return nil
	}
	now, err := digest(ctx, &Tree{Dir: t.place}, recordName)
	if err == nil && now != t.digest || errors.Is(err, fs.ErrNotExist) {
		return &EditedError{t.Name, t.Dir}
	}
	return err
}
