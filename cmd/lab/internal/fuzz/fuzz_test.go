package fuzz

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

func TestTimeRanOut(t *testing.T) {
	const lines = "fuzz: elapsed: 31s, execs: 90211 (28562/sec), new interesting: 12 (total: 19)\n"
	for said, want := range map[string]bool{
		lines + "--- FAIL: FuzzX (31.03s)\n    context deadline exceeded\nFAIL\n":                                                                                               true,
		lines + "--- FAIL: FuzzX (31.03s)\n    --- FAIL: FuzzX (0.00s)\n        x_test.go:1: context deadline exceeded\n\n    Failing input written to testdata/fuzz/FuzzX/1\n": false,
		lines + "--- FAIL: FuzzX (0.03s)\n    --- FAIL: FuzzX/seed (0.00s)\n        x_test.go:1: context deadline exceeded\n":                                                   false,
		lines + "PASS\n": false,
	} {
		if got := timeRanOut(said); got != want {
			t.Errorf("%q: %v", said, got)
		}
	}
}

func TestHung(t *testing.T) {
	const said = "--- FAIL: FuzzX (55.39s)\n    fuzzing process hung or terminated unexpectedly: exit status 2\n" +
		"    Failing input written to testdata/fuzz/FuzzX/b8da\n    To re-run:\n    go test -run=FuzzX/b8da\nFAIL\n"
	if match := hung.FindStringSubmatch(said); match == nil || match[1] != "testdata/fuzz/FuzzX/b8da" {
		t.Errorf("found %q", match)
	}
	if (target{"mago/a", "FuzzX"}).passes(t.Context(), "--- FAIL: FuzzX\n Failing input written to testdata/fuzz/FuzzX/1\n") {
		t.Error("an input that failed passes")
	}
}
