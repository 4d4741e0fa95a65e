package config

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"syscall"

	"mago/cmd/mago/internal/keyring"
	"mago/debpkg/rooted"
	"mago/debpkg/word"
	"mago/kbuild/signing/pkcs11"
)

// Doubts are what ends no command, and is hardly meant: files that are not read, a module's file that is called as no module is,
// fields that name what is not there. known are the modules' names; where there are none nobody knows them.
func (c *Config) Doubts(root rooted.Root, known []string) []*Mistake {
	return slices.Concat(c.ignored, c.unknown(known), c.paths(root))
}

// moduleFile is a module's own file.
type moduleFile struct{ name, file string }

// unknown are the files of modules that nobody knows. One without a name near it may be of a module that only other machines know.
func (c *Config) unknown(known []string) (all []*Mistake) {
	for _, m := range c.ofModules {
		if len(known) == 0 || slices.Contains(known, m.name) {
			continue
		}
		one := &Mistake{File: m.file, Err: fmt.Errorf("no module %s is known here", m.name), Idle: true}
		if meant := word.Nearest(m.name, known); meant != "" {
			one = &Mistake{File: m.file, Err: fmt.Errorf("no module %s is known here; %s is the nearest", m.name, meant)}
		}
		all = append(all, one)
	}
	return all
}

// paths are the fields in force that name a file or a directory which does not serve.
func (c *Config) paths(root rooted.Root) (all []*Mistake) {
	seen := map[Origin]bool{}
	for _, module := range append([]string{""}, c.Modules()...) {
		for _, s := range c.Of(module) {
			look := named[s.Field]
			if s.From != File || look == nil || seen[s.Origin] {
				continue
			}
			seen[s.Origin] = true
			if err := look(root, s.Value); err != nil && !errors.Is(err, fs.ErrPermission) { // what an ordinary user may not see
				all = append(all, &Mistake{File: s.File, Line: s.Line, Err: fmt.Errorf("%s: %w", s.Field, err)})
			}
		}
	}
	return all
}

// named say, by field, what is wrong with what a value names.
var named = map[string]func(root rooted.Root, text string) error{"Key": keyAt, "Passphrase-File": secretAt, "Dest": directoryAt}

// keyAt looks at a key's file, its certificate, and who may read it. A token need not be there yet.
func keyAt(root rooted.Root, text string) error {
	if pkcs11.IsURI(text) {
		return nil
	}
	_, err := keyring.Open(root, text)
	if of := (*keyring.Error)(nil); errors.As(err, &of) {
		err = of.Err
	}
	return err
}

func secretAt(root rooted.Root, text string) error {
	info, err := root.Stat(text)
	switch {
	case err != nil:
		return err
	case !info.Mode().IsRegular():
		return fmt.Errorf("%s is not a file", text)
	}
	return keyring.CheckClosed(root, text)
}

// directoryAt takes one that is not there, which is made.
func directoryAt(root rooted.Root, text string) error {
	info, err := root.Stat(text)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err == nil && !info.IsDir():
		return &fs.PathError{Op: "open", Path: text, Err: syscall.ENOTDIR}
	}
	return err
}
