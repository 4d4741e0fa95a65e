package recipe

import (
	"bytes"
	"cmp"
	"context"
	"io/fs"
	"maps"
	"os"
	"path"
	"slices"
	"strings"

	"mago/kbuild/deep"
	"mago/kbuild/foreign"
)

// HookFile is a file of the source that a hook finds beside itself, as in the source.
type HookFile struct {
	Path    string // below the source
	Mode    fs.FileMode
	Content []byte
}

// What a hook's files may be, and how many words of its scripts are looked at: what is more is not carried.
const (
	maxHookFiles = 256
	maxHookBytes = 4 << 20
	maxHookWords = 4096
)

// hookFiles are the files that a hook names. What it names and will not find is told.
func (b *dkmsBuild) hookFiles(ctx context.Context, source *os.Root, h Hook) ([]HookFile, error) {
	n := newHookNeeds(source)
	if err := n.named(ctx, string(h.Script), strings.Join(h.Args, " ")); err != nil {
		return nil, err
	}
	delete(n.files, h.Path)
	for _, word := range n.large {
		b.Warn("%s: %s names %s, which is too much for a package: it will not find that", h.When, h.Path, word)
	}
	for _, word := range n.away {
		b.Warn("%s: %s names %s, where only dkms has the source: it will not find that", h.When, h.Path, word)
	}
	return n.carried(), nil
}

// hookNeeds finds what a hook and the scripts that it calls name of the source.
type hookNeeds struct {
	source *os.Root
	tree   fs.FS
	files  map[string]HookFile
	words  map[string]bool // that were looked at
	large  []string        // that name more than a package is to carry
	away   []string        // that name the source where only dkms has it
}

func newHookNeeds(source *os.Root) *hookNeeds {
	return &hookNeeds{source: source, tree: source.FS(), files: map[string]HookFile{}, words: map[string]bool{}}
}

// named collects the files that the texts name, as paths with or without wildcards, and those that these files name in turn
// where they are scripts.
func (n *hookNeeds) named(ctx context.Context, texts ...string) error {
	for len(texts) > 0 {
		text := texts[0]
		texts = texts[1:]
		for _, word := range hookWords(text) {
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			if n.words[word] || len(n.words) == maxHookWords {
				continue
			}
			n.words[word] = true
			scripts, err := n.word(word)
			if err != nil {
				return err
			}
			texts = append(texts, scripts...)
		}
	}
	return nil
}

// word takes what the longest end of a path names in the source, and gives the texts of the scripts among it. The path's
// beginning may be a variable.
func (n *hookNeeds) word(word string) (scripts []string, err error) {
	if isDKMSPath(word) {
		n.away = append(n.away, word)
		return nil, nil
	}
	parts := strings.Split(path.Clean(word), "/")
	for i := range parts {
		if strings.Trim(parts[i], "*?.") == "" {
			continue
		}
		name := path.Join(parts[i:]...)
		if found, _ := fs.Glob(n.tree, name); len(found) > 0 { // a bad pattern names nothing
			return n.take(name, found)
		}
	}
	return nil, nil
}

// take reads the files at the paths that a name stands for, and below those that are directories, unless they are too much for a
// package. It returns the texts of the scripts among them.
func (n *hookNeeds) take(name string, paths []string) (scripts []string, err error) {
	files, err := n.newFiles(paths)
	if err != nil {
		return nil, err
	}
	if n.isTooMuch(files) {
		n.large = append(n.large, name)
		return nil, nil
	}
	for _, file := range slices.Sorted(maps.Keys(files)) {
		content, err := foreign.ReadText(n.source, file, maxHookBytes)
		if err != nil {
			return nil, err
		}
		n.files[file] = HookFile{file, 0o644 | files[file].Mode().Perm()&0o111, content}
		if bytes.HasPrefix(content, []byte("#!")) || path.Ext(file) == ".sh" {
			scripts = append(scripts, string(content))
		}
	}
	return scripts, nil
}

// newFiles finds the files at and below paths that are not carried yet; of too many it gives the first.
func (n *hookNeeds) newFiles(paths []string) (map[string]fs.FileInfo, error) {
	files := map[string]fs.FileInfo{}
	for _, top := range paths {
		err := fs.WalkDir(n.tree, top, deep.Bounded(func(file string, _ fs.DirEntry, err error) error {
			if info, failed := fs.Stat(n.tree, file); err == nil && failed == nil && info.Mode().IsRegular() {
				files[file] = info
			}
			if len(files) > maxHookFiles {
				return fs.SkipAll
			}
			return nil // what cannot be read is not there
		}))
		if err != nil {
			return nil, err
		}
	}
	maps.DeleteFunc(files, func(file string, _ fs.FileInfo) bool { _, have := n.files[file]; return have })
	return files, nil
}

// isTooMuch reports whether a package is not to carry these files beside those that it has.
func (n *hookNeeds) isTooMuch(files map[string]fs.FileInfo) bool {
	var size int64
	for _, info := range files {
		size += info.Size()
	}
	for _, f := range n.files {
		size += int64(len(f.Content))
	}
	return size > maxHookBytes || len(files)+len(n.files) > maxHookFiles
}

// carried are the files in the order of their paths.
func (n *hookNeeds) carried() []HookFile {
	return slices.SortedFunc(maps.Values(n.files), func(a, b HookFile) int { return cmp.Compare(a.Path, b.Path) })
}

var (
	hookComment   = pattern(`(?m)^\s*#.*$`)
	hookExpansion = pattern(`\$(?:\{[^}]*\}|\w+|[@*])`)
	hookWord      = pattern("[^\\s;&|<>(){}`=:,$!\\[\\]\\\\]+")
	hookQuotes    = strings.NewReplacer(`"`, "", `'`, "")
)

// hookWords are the words of a script that may be paths, with a wildcard for each variable. An absolute path names nothing of
// the source, unless a command gives its beginning.
func hookWords(text string) (words []string) {
	text = hookExpansion().ReplaceAllString(hookQuotes.Replace(hookComment().ReplaceAllString(text, "")), "*")
	for _, at := range hookWord().FindAllStringIndex(text, -1) {
		word := text[at[0]:at[1]]
		if !path.IsAbs(word) || at[0] > 0 && strings.ContainsRune(")`", rune(text[at[0]-1])) || isDKMSPath(word) {
			words = append(words, word)
		}
	}
	return words
}

// isDKMSPath reports whether a path is one that sources have where dkms has added them.
func isDKMSPath(word string) bool {
	name, ok := strings.CutPrefix(word, "/usr/src/")
	return ok && !strings.HasPrefix(name, "linux") || strings.HasPrefix(word, "/var/lib/dkms/")
}
