package sources

import (
	"fmt"
	"strings"

	"mago/sources/untar"
)

// UnsafeError and LimitError refuse an archive whose contents could do harm, DamagedError one that cannot be read.
type (
	UnsafeError  = untar.UnsafeError
	LimitError   = untar.LimitError
	DamagedError = untar.DamagedError
)

// LayoutError says that a source has nothing to build where a module's source has it.
type LayoutError struct {
	Source string // the package, tarball or directory
	Want   string // what was looked for

	Package string   // the package's name, of one
	Archive string   // the path of a tarball or .deb that the user named
	Dirs    []string // what could be built by itself, below the directory or as the archive has it; not all of many
	First   string   // the command that gives the directory what was looked for, "" for none
}

func (e *LayoutError) Error() string {
	text := fmt.Sprintf("no module source in %s: no %s", e.Source, e.Want)
	switch {
	case len(e.Dirs) == 1:
		text += "; there is one in " + e.Dirs[0]
	case len(e.Dirs) > 1:
		text += "; there are some in " + strings.Join(e.Dirs, ", ")
	}
	return text
}

// SeveralError says that a package holds several sources, none of them named after it.
type SeveralError struct {
	Package string
	Archive string   // the path of a .deb that the user named, else ""
	Dirs    []string // as the package has them, without a slash in front
}

func (e *SeveralError) Error() string {
	return fmt.Sprintf("%s holds several sources, and mago builds one source of a package: %s", e.Package, strings.Join(e.Dirs, ", "))
}

// EditedError says that an opened source differs from what was opened.
type EditedError struct{ Module, Dir string }

func (e *EditedError) Error() string {
	return fmt.Sprintf("the opened source of %s in %s is not as it was opened: it has been edited or damaged", e.Module, e.Dir)
}
