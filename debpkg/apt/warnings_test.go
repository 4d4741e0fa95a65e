package apt

import (
	"fmt"
	"slices"
	"testing"
)

func TestWarnings(t *testing.T) {
	var told []string
	w := &warnings{tell: func(text string) { told = append(told, text) }}
	fmt.Fprint(w, "dpkg: warning: this is dpkg's\nwarning: the first", " failed\ncp: no such file\nwarning: the second failed\nwarning: the \x1bthird failed\nwarning: not whole")
	want := []string{"the first failed", "the second failed: cp: no such file", "the \ufffdthird failed"}
	if !slices.Equal(told, want) {
		t.Errorf("got %q, want %q", told, want)
	}
	for range 2 * maxWarnings {
		fmt.Fprint(w, "warning: again\n")
	}
	if len(told) != maxWarnings {
		t.Errorf("told of %d", len(told))
	}
}
