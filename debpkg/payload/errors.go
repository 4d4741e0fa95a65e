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

// InTheWayError lists what is on a system where a package would put something else.
type InTheWayError struct{ Files []Refusal }

func (e *InTheWayError) Error() string { return "the package would overwrite " + told(e.Files) }
