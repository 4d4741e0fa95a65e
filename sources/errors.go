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

// LayoutError says that a source has nothing to build.
type LayoutError struct {
	Source string // the package, tarball or directory
	Want   string // what was looked for
}

func (e *LayoutError) Error() string {
	return fmt.Sprintf("no module source in %s: no %s", e.Source, e.Want)
}

// SeveralError says that a package holds several sources, none of them named after it.
type SeveralError struct {
	Package string
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
