package sources

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha1"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"mago/kbuild/deep"
	"mago/kbuild/foreign"
	"mago/sources/way"
)

// What programs of a build can ask git for shapes a module as a file does ("git describe"). So all of a .git counts but for what git
// renews without a change of what it says: objects, which refs and index name, logs, how refs are packed, and files' dates in the index.

// gitName is what git calls its directory, or the file that leads to it.
const gitName = ".git"

// gitFileMax bounds in bytes what is read of a file of git's that is not taken as it is.
const gitFileMax = 16 << 20

// inGit reports whether a path leads through a .git.
func inGit(name string) bool { return slices.Contains(strings.Split(name, "/"), gitName) }

// gitWalk takes in what counts of git's files below root.
type gitWalk struct {
	ctx  context.Context
	sum  io.Writer
	root *os.Root
	dir  string // its path
}

// all takes in a directory of git's that lies outside of the source.
func (g gitWalk) all() error {
	return fs.WalkDir(g.root.FS(), ".", deep.Bounded(func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return g.entry(name, entry)
	}))
}

// entry takes in one file, or directory without its contents: these come next, unless it returns fs.SkipDir.
func (g gitWalk) entry(name string, entry fs.DirEntry) error {
	dir, base := path.Split(name)
	if base == gitName && entry.Type().IsRegular() {
		return cmp.Or(g.elsewhere(name), digestEntry(g.ctx, g.sum, g.root, name, entry))
	}
	if g.isGitDir(dir) {
		switch base {
		case "objects", "logs":
			return skipped(entry)
		case "refs":
			return cmp.Or(g.refs(dir), skipped(entry))
		case "packed-refs", "gc.log", "gc.pid": // the first is in refs
			return nil
		case "index":
			return g.index(name, entry)
		}
	} else if base == "refs" && path.Base(dir) == "info" && g.isGitDir(path.Dir(path.Clean(dir))) { // a list for plain web servers
		return nil
	}
	return digestEntry(g.ctx, g.sum, g.root, name, entry)
}

func skipped(entry fs.DirEntry) error {
	if entry.IsDir() {
		return fs.SkipDir
	}
	return nil
}

// isGitDir reports whether a directory is a repository's, a submodule's or a worktree's.
func (g gitWalk) isGitDir(dir string) bool {
	_, err := g.root.Lstat(path.Join(dir, "HEAD"))
	return err == nil
}

// refs takes in what a repository's names stand for, wherever each is kept.
func (g gitWalk) refs(dir string) error {
	packed, err := foreign.ReadText(g.root, path.Join(dir, "packed-refs"), gitFileMax)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	refs := map[string]string{}
	for line := range strings.Lines(string(packed)) {
		if id, name, ok := strings.Cut(strings.TrimSpace(line), " "); ok && id != "#" {
			refs[name] = id
		}
	}
	err = fs.WalkDir(g.root.FS(), path.Join(dir, "refs"), deep.Bounded(func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := foreign.ReadText(g.root, name, gitFileMax)
		refs[strings.TrimPrefix(name, dir)] = strings.TrimSpace(string(text))
		return err
	}))
	for _, name := range slices.Sorted(maps.Keys(refs)) {
		fmt.Fprintf(g.sum, "%q %q %q\n", dir, name, refs[name])
	}
	return err
}

// index takes in the entries of an index, or all of one of another form.
func (g gitWalk) index(name string, entry fs.DirEntry) error {
	text, err := foreign.ReadText(g.root, name, gitFileMax)
	if err == nil {
		if entries, ok := indexEntries(text); ok {
			_, err = fmt.Fprintf(g.sum, "%q %q\n", name, entries)
			return err
		}
	}
	return digestEntry(g.ctx, g.sum, g.root, name, entry)
}

// indexEntries are the modes, hashes, flags and names in an index of version 2 or 3 (gitformat-index(5)), without what it keeps of
// files' dates and places and without its caches; false for another one.
func indexEntries(index []byte) (entries []byte, ok bool) {
	const head, mode, id, flags = 12, 24, 40, 60
	end := len(index) - sha1.Size
	if end < head || string(index[:4]) != "DIRC" || sha1.Sum(index[:end]) != [sha1.Size]byte(index[end:]) {
		return nil, false
	}
	if version := binary.BigEndian.Uint32(index[4:]); version != 2 && version != 3 {
		return nil, false
	}
	rest := index[head:end]
	for range binary.BigEndian.Uint32(index[8:]) {
		if len(rest) < flags+4 {
			return nil, false
		}
		name := flags + 2
		if binary.BigEndian.Uint16(rest[flags:])&0x4000 != 0 { // there are more flags
			name += 2
		}
		size := bytes.IndexByte(rest[name:], 0) + 1
		padded := (name + size + 7) &^ 7
		if size == 0 || padded > len(rest) {
			return nil, false
		}
		entries = append(append(entries, rest[mode:mode+4]...), rest[id:name+size]...)
		rest = rest[padded:]
	}
	return entries, areCaches(rest)
}

// areCaches reports whether nothing of an index's extensions has to be understood.
func areCaches(rest []byte) bool {
	for len(rest) >= 8 {
		size := uint64(binary.BigEndian.Uint32(rest[4:])) + 8
		if rest[0] < 'A' || rest[0] > 'Z' || size > uint64(len(rest)) {
			return false
		}
		rest = rest[size:]
	}
	return len(rest) == 0
}

// elsewhere takes in the git directories outside of a source that a file in it leads to, a worktree's and its repository's. Those of
// another owner git itself refuses.
func (g gitWalk) elsewhere(file string) error {
	owner, err := g.root.Stat(".")
	if err != nil {
		return err
	}
	dir, ok := leadsTo(g.root, file, "gitdir: ", filepath.Join(g.dir, filepath.Dir(file)))
	for range 2 {
		if !ok {
			return nil
		}
		w, err := way.Find(dir)
		if err != nil || !w.Info.IsDir() || !sameOwner(owner, w.Info) {
			return nil
		}
		outside, err := w.Root()
		if err != nil {
			return err
		}
		o := gitWalk{g.ctx, g.sum, outside, dir}
		if o.isGitDir(".") {
			err = o.all()
		}
		dir, ok = leadsTo(outside, "commondir", "", dir)
		if err = errors.Join(err, outside.Close()); err != nil {
			return err
		}
	}
	return nil
}

// leadsTo is the directory that a file of git's names, from dir.
func leadsTo(root *os.Root, file, before, dir string) (string, bool) {
	text, err := foreign.ReadText(root, file, 4096)
	to, ok := strings.CutPrefix(strings.TrimRight(string(text), "\n"), before)
	if err != nil || !ok || to == "" {
		return "", false
	}
	if !filepath.IsAbs(to) {
		to = filepath.Join(dir, to)
	}
	return filepath.Clean(to), true
}
