package payload

import (
	"fmt"
	"strings"

	"mago/debpkg/visible"
)

// Refusal is a path that a package may not have, and why.
type Refusal struct {
	Path  string
	Why   string // what follows the path in a sentence
	Final bool   // whether no Glob can allow it
}

// RefusedError lists what a module's packages may not have.
type RefusedError struct{ Refused []Refusal }

// maxTold is how many paths an error names.
const maxTold = 10

// maxShown is how many columns of a path are shown.
const maxShown = 300

func (e *RefusedError) Error() string {
	return "its package may not bring " + told(e.Refused)
}

func told(refused []Refusal) string {
	var parts []string
	for _, r := range refused[:min(len(refused), maxTold)] {
		parts = append(parts, fmt.Sprintf("%s (%s)", shown(r.Path), shown(r.Why)))
	}
	if more := len(refused) - maxTold; more > 0 {
		parts = append(parts, fmt.Sprintf("and %d more", more))
	}
	return strings.Join(parts, ", ")
}

// shown makes foreign text short and safe for a terminal.
func shown(text string) string { return visible.Cut(visible.Line(text), maxShown) }

// Allowable are the paths that a Glob could allow; nil where no Glob would help.
func (e *RefusedError) Allowable() (paths []string) {
	for _, r := range e.Refused {
		if r.Final {
			return nil
		}
		paths = append(paths, r.Path)
	}
	return paths
}

// InTheWayError lists files of a system that a package would overwrite, or would replace in use.
type InTheWayError struct{ Files []Refusal }

func (e *InTheWayError) Error() string {
	overwritten, others := e.split()
	var parts []string
	if len(overwritten) > 0 {
		parts = append(parts, "would overwrite "+told(overwritten))
	}
	if len(others) > 0 {
		parts = append(parts, "cannot bring "+told(others))
	}
	return "the package " + strings.Join(parts, ", and ")
}

// split separates what would be overwritten, which no option allows, from the rest.
func (e *InTheWayError) split() (overwritten, others []Refusal) {
	for _, r := range e.Files {
		if r.Final {
			overwritten = append(overwritten, r)
		} else {
			others = append(others, r)
		}
	}
	return overwritten, others
}
