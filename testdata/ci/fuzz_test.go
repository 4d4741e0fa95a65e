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

func TestFigures(t *testing.T) {
	const said = "fuzz: elapsed: 0s, gathering baseline coverage: 0/7 completed\n" +
		"fuzz: elapsed: 3s, execs: 4523 (1507/sec), new interesting: 3 (total: 10)\n" +
		"fuzz: elapsed: 6s, execs: 90211 (28562/sec), new interesting: 12 (total: 19)\nPASS\n"
	if got, want := figures(said), "   90211 execs,  12 new interesting"; got != want {
		t.Errorf("figures = %q, want %q", got, want)
	}
	if got := figures("FAIL\n"); got != "no execs" {
		t.Errorf("figures of nothing = %q", got)
	}
}
