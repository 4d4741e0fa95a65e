package main

import (
	"slices"
	"testing"
)

func TestTargets(t *testing.T) {
	got := targets("ok  \tmago/a\t0.1s\nFuzzX\nFuzzY\nok  \tmago/b\t0.1s\n?   \tmago/c\t[no test files]\nFuzzZ\nok  \tmago/d\t0.1s\n")
	if want := []target{{"mago/b", "FuzzX"}, {"mago/b", "FuzzY"}, {"mago/d", "FuzzZ"}}; !slices.Equal(got, want) {
		t.Errorf("targets = %v, want %v", got, want)
	}
}
