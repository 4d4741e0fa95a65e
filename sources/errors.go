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

// UnauthenticatedError says that only archives without a signature that apt has checked have the package.
type UnauthenticatedError struct{ Package, Version string }

func (e *UnauthenticatedError) Error() string {
	return fmt.Sprintf("download %s %s: the archive it is in has no signature that apt has checked", e.Package, e.Version)
}

// FetchError says that apt failed to download a package's .deb, or downloaded another. It leaves nothing behind.
type FetchError struct {
	Package string
	Version string
	Output  string // what apt wrote to its standard error
	Err     error
}

// Error shows apt's own errors if there are any, else why apt could not be run.
func (e *FetchError) Error() string {
	reason := e.Err.Error()
	if said := aptErrors(e.Output); said != "" {
		reason = said
	}
	return fmt.Sprintf("download %s %s: %s", e.Package, e.Version, reason)
}

func (e *FetchError) Unwrap() error { return e.Err }

// aptErrors picks the lines that apt marks as errors.
func aptErrors(output string) string {
	var errs []string
	for line := range strings.Lines(output) {
		if text, ok := strings.CutPrefix(line, "E: "); ok {
			errs = append(errs, strings.TrimSpace(text))
		}
	}
	return strings.Join(errs, "; ")
}

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
