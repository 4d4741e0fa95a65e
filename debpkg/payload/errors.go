package payload

import (
	"fmt"
	"strings"

	"mago/debpkg/visible"
)

// Refusal is a path that a package may not bring, and why.
type Refusal struct {
	Path  string
	Why   string // what follows the path in a sentence
	Final bool   // whether no Glob can allow it
}

// RefusedError lists what the packages of a module may not bring.
type RefusedError struct{ Refused []Refusal }

// maxTold is how many paths somebody reads.
const maxTold = 10

// maxShown is, in columns, how much of a path somebody reads.
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

// shown is foreign text that is short and commands no terminal.
func shown(text string) string { return visible.Cut(visible.Line(text), maxShown) }

// Allowable are the paths that a Glob could allow; nil where even that would not help.
func (e *RefusedError) Allowable() (paths []string) {
	for _, r := range e.Refused {
		if r.Final {
			return nil
		}
		paths = append(paths, r.Path)
	}
	return paths
}

// InTheWayError lists what is on a system where a package would put something else, or would have it used in another's place.
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

// split tells what would be overwritten, which is final, from the rest.
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
