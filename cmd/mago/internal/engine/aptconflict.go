package engine

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"mago/debpkg/apt"
)

// ClashError says that the packages of a build cannot be installed beside others, which mago does not remove.
type ClashError struct {
	Command string // has apt install the packages
	Err     *apt.ConflictError
}

func (e *ClashError) Error() string { return e.Err.Error() }
func (e *ClashError) Unwrap() error { return e.Err }

// Hint leaves to the user, whom apt asks, what is to go.
func (e *ClashError) Hint() string {
	var others []string
	for _, c := range e.Err.Clashes {
		others = append(others, c.With)
	}
	slices.Sort(others)
	return fmt.Sprintf(`run %s, which asks before it removes %s; what is built is kept`, `"`+e.Command+`"`, strings.Join(slices.Compact(others), ", "))
}

// aptCommand is the command that has apt install .debs, and asks before it removes what cannot be beside them. The kernel
// that they recommend stays out: its headers may be all that is here.
func (at *aptTool) aptCommand(debs []string) string {
	return at.system().Apt("install", append([]string{"--no-install-recommends"}, at.insideRoot(debs)...)...)
}

// insideRoot are paths as programs see them that run in the root.
func (b *base) insideRoot(paths []string) []string {
	var all []string
	for _, path := range paths {
		if rel, err := filepath.Rel(b.Root, path); err == nil {
			path = filepath.Join("/", rel)
		}
		all = append(all, path)
	}
	return all
}

// withCommand adds to a conflict what to do about it.
func (at *aptTool) withCommand(err error, debs []string) error {
	if conflict := (*apt.ConflictError)(nil); errors.As(err, &conflict) {
		return &ClashError{at.aptCommand(debs), conflict}
	}
	return err
}
