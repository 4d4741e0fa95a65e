package soak

import (
	"cmp"
	"fmt"
	"io"
	"strings"
)

// kind is what a finding counts as.
type kind int

const (
	lost      kind = iota // what was there is not, or the second run fails
	corrupted             // something under its own name is not what it says
	left                  // something temporary is still there after the second run
	escaped               // something got out of the sandbox
	kinds
)

func (k kind) String() string { return [...]string{"lost", "corrupted", "left over", "escapes"}[k] }

// finding is one thing wrong.
type finding struct {
	kind kind
	what string
}

// tally counts what became of one part's tries.
type tally struct {
	part   string
	runs   int
	counts [kinds]int
	first  string         // what was wrong first
	notes  map[string]int // what the tries met with
	stderr io.Writer      // told of what is found
}

func (t *tally) note(what string) {
	if t.notes == nil {
		t.notes = map[string]int{}
	}
	t.notes[what]++
}

// add tells of findings and counts them.
func (t *tally) add(try string, all []finding) {
	for _, f := range all {
		t.counts[f.kind]++
		lines := strings.Split(strings.TrimSpace(f.what), "\n")
		told := fmt.Sprintf("%s, %s: %s", f.kind, try, strings.Join(lines[:min(len(lines), 30)], "\n\t"))
		fmt.Fprintln(t.stderr, "soak: FOUND", told)
		t.first = cmp.Or(t.first, told)
	}
}

func (t *tally) bad() bool { return t.counts != [kinds]int{} }
