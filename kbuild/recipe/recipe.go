// Package recipe runs what a source says of how to build it: a dkms.conf, a debian/rules of module-assistant's, or kbuild's
// own files. Their programs run in a sandbox; what they build is left in the workspace, and is nobody's to trust yet.
package recipe

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"mago/debpkg/visible"
	"mago/kbuild/kernel"
	"mago/kbuild/rules"
)

// Recipe is one way to build a source.
type Recipe interface {
	Name() string // the file that it is in

	// Needs lists the programs that following it for a job takes, as the errors that they are where they are missing.
	Needs(job Job) ([]*kernel.ToolError, error)

	// Run builds in a workspace. Errors that somebody can mend are *Error, *NotMeantError, *CompileError, *kernel.ToolError
	// and *sandbox.LimitError.
	Run(ctx context.Context, w *Workspace) (*Staged, error)
}

// Staged is what a recipe has built. Its modules still lie where foreign programs can write.
type Staged struct {
	Name, Version string // the module's, as its recipe has them, or the source's
	Recipe        string // "dkms.conf", "debian/rules", "Kbuild", or "Makefile" where its own rules did it
	Modules       []Built
	Package       *Package // what came with the modules; nil where the recipe was no debian/rules
	Hooks         []Hook   // scripts of the source that the package is to run
}

// Built is a .ko file as the recipe left it.
type Built struct {
	File  string // path in the workspace
	Dest  string // the name it is installed under, without .ko
	Strip bool
}

// Error says that a module's recipe cannot be followed: missing, malformed, or naming what is not there.
type Error struct {
	Recipe string // "dkms.conf", "debian/rules", "Kbuild", "Makefile", "source"
	Err    error
}

func (e *Error) Error() string { return visible.Line(e.Recipe + ": " + e.Err.Error()) }
func (e *Error) Unwrap() error { return e.Err }

// NotMeantError says that a recipe excludes this kernel (BUILD_EXCLUSIVE_* of dkms(8)); nothing failed.
type NotMeantError struct{ Reason string }

func (e *NotMeantError) Error() string {
	return visible.Line("not meant for this kernel: " + e.Reason)
}

// Of finds a source's recipe. The error is an *Error where there is none that could be followed.
func Of(source Source) (Recipe, error) {
	file, err := File(source)
	switch {
	case err != nil:
		return nil, err
	case file == confFile:
		return dkmsConf{}, nil
	case file == rulesFile:
		return rulesOf(source)
	case file == "":
		return nil, &Error{"source", fmt.Errorf("no dkms.conf, Kbuild or Makefile in %s", source.Dir)}
	}
	return plain{}, nil
}

// File is the file of a source that tells how to build it, the first of several; "" where there is none. A
// module-assistant's debian/rules comes before a Makefile, which it calls, and where the source lies as module-assistant's
// tarballs hold it, in modules/<name>, before a dkms.conf too. Other rules than that come last: nothing can follow them.
// A link that leads out of the source is an error.
func File(source Source) (string, error) {
	root, err := source.open()
	if err != nil {
		return "", err
	}
	defer root.Close()
	ours, err := isRules(root)
	if err != nil {
		return "", err
	}
	files := []string{confFile, "Kbuild", "Makefile", rulesFile}
	switch {
	case ours && filepath.Base(filepath.Dir(source.Dir)) == moduleLoc:
		files = []string{rulesFile}
	case ours:
		files = []string{confFile, rulesFile}
	}
	return firstFile(root, files)
}

func firstFile(root *os.Root, names []string) (string, error) {
	for _, name := range names {
		info, err := root.Stat(name)
		if err == nil && info.Mode().IsRegular() {
			return name, nil
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			if target, isNone := root.Readlink(name); isNone == nil {
				err = fmt.Errorf("it is a link out of the source, to %s: put the file itself there", target)
			}
			return "", &Error{name, err}
		}
	}
	return "", nil
}

func rulesOf(source Source) (Recipe, error) {
	root, err := source.open()
	if err != nil {
		return nil, err
	}
	defer root.Close()
	text, err := rulesText(root)
	if err == nil && !rules.Recognise(text) {
		err = &Error{rulesFile, errors.New("it has none of module-assistant's targets, and the source has no dkms.conf or Makefile of its own")}
	}
	return debianRules{text}, err
}
