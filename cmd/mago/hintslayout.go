package main

import (
	"fmt"
	"path/filepath"
	"strings"

	"mago/cmd/mago/internal/engine"
	"mago/sources"
)

// layoutHint says what to name, or to do first, where a source has nothing to build at its top.
func layoutHint(on engine.System, e *sources.LayoutError) string {
	switch {
	case filepath.Ext(e.Source) == ".dsc":
		return fmt.Sprintf("run \"dpkg-source -x %s\", then name the directory that it makes", engine.Pasted(e.Source))
	case len(e.Dirs) > 0 && e.Archive+e.Package != "":
		return apart(on, e.Archive, e.Package, e.Dirs)
	case len(e.Dirs) > 0:
		var paths []string
		for _, dir := range e.Dirs {
			paths = append(paths, engine.Pasted(filepath.Join(e.Source, dir)))
		}
		return "run the same command with one or more of these instead: " + strings.Join(paths, " ")
	case e.First != "" && e.Archive != "":
		return fmt.Sprintf("it has no Makefile yet: open it in a directory of your own, run \"%s\" there, and name that directory", e.First)
	case e.First != "":
		return fmt.Sprintf("it has no Makefile yet: run \"cd %s && %s\", then the same command again", engine.Pasted(e.Source), e.First)
	}
	return "a module's source has a dkms.conf, a Kbuild file, a Makefile that sets obj-m, or a debian/rules for module-assistant"
}

// damagedHint says what to name instead of a file that could not be opened.
func damagedHint(e *sources.DamagedError) string {
	switch {
	case filepath.Ext(e.Archive) == ".zip":
		return "open it with unzip, then name the directory that it makes"
	case !engine.IsArchiveName(e.Archive):
		return "it is not a tarball; to build what it belongs to, name the directory: " + engine.Pasted(filepath.Dir(e.Archive))
	}
	return "it is not a tarball, or is incomplete; nothing of it was kept"
}

// apart is how several sources in one archive are built: a file that the user has named, or else a package of apt's.
func apart(on engine.System, archive, pkg string, dirs []string) string {
	command := on.OpenedBy(pkg, dirs...)
	if archive != "" {
		command = on.UnpackedBy(archive, dirs...)
	}
	return fmt.Sprintf("each can be built by its path: run \"%s\"", command)
}
