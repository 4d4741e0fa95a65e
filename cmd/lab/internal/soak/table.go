package soak

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
)

// table prints the counts of all parts, and what each of them met with.
func table(w io.Writer, all []*tally) {
	fmt.Fprintf(w, "\n| part | runs | %s | %s | %s | %s |\n|---|---|---|---|---|---|\n", lost, corrupted, left, escaped)
	for _, t := range all {
		fmt.Fprintf(w, "| %s | %d | %d | %d | %d | %d |\n", t.part, t.runs, t.counts[lost], t.counts[corrupted], t.counts[left], t.counts[escaped])
	}
	fmt.Fprintln(w)
	for _, t := range all {
		var notes []string
		for _, what := range slices.Sorted(maps.Keys(t.notes)) {
			notes = append(notes, fmt.Sprintf("%s %d", what, t.notes[what]))
		}
		if len(notes) > 0 {
			fmt.Fprintf(w, "%s: %s\n", t.part, strings.Join(notes, ", "))
		}
	}
}
