package ci

import (
	"strings"
	"testing"
)

// What go test says of a test that passes, one that skips, and a fuzz target that has no use for an input.
const skipping = `{"Action":"run","Package":"p","Test":"TestA"}
{"Action":"output","Package":"p","Test":"TestA","Output":"=== RUN   TestA\n"}
{"Action":"output","Package":"p","Test":"TestA","Output":"chatter\n"}
{"Action":"pass","Package":"p","Test":"TestA"}
{"Action":"output","Package":"p","Test":"TestB","Output":"=== RUN   TestB\n"}
{"Action":"output","Package":"p","Test":"TestB","Output":"    b_test.go:7: no gcc\n"}
{"Action":"output","Package":"p","Test":"TestB","Output":"--- SKIP: TestB (0.00s)\n"}
{"Action":"skip","Package":"p","Test":"TestB"}
{"Action":"skip","Package":"p","Test":"FuzzC/seed#1"}
{"Action":"output","Package":"p","Output":"PASS\n"}
{"Action":"output","Package":"p","Output":"ok  \tp\t0.1s\n"}
{"Action":"pass","Package":"p"}
{"Action":"skip","Package":"without tests"}
`

func TestSkips(t *testing.T) {
	for _, inCI := range []bool{false, true} {
		var out strings.Builder
		r := &results{out: &out}
		if err := r.read(strings.NewReader(skipping)); err != nil {
			t.Fatal(err)
		}
		r.summary(inCI)
		if r.failed != inCI {
			t.Errorf("CI %v: failed is %v", inCI, r.failed)
		}
		last := map[bool]string{false: "ok  \tp\t0.1s\nPASS\n", true: "ok  \tp\t0.1s\nFAIL\n"}[inCI]
		if !strings.HasSuffix(out.String(), last) || !strings.Contains(out.String(), "skipped: p TestB: b_test.go:7: no gcc\n") {
			t.Errorf("CI %v:\n%s", inCI, &out)
		}
		if strings.Contains(out.String(), "chatter") || strings.Contains(out.String(), "FuzzC") {
			t.Errorf("CI %v: too much:\n%s", inCI, &out)
		}
	}
}

// A test that fails is shown whole, and so is a package that does not compile.
func TestFailures(t *testing.T) {
	for name, events := range map[string]string{
		"x is not 1\n\nfailed: p TestA\n    x is not 1\n": `{"Action":"output","Package":"p","Test":"TestA","Output":"x is not 1\n"}` + "\n" + `{"Action":"fail","Package":"p","Test":"TestA"}`,
		"undefined": `{"ImportPath":"p","Action":"build-output","Output":"undefined: y\n"}` + "\n" + `{"ImportPath":"p","Action":"build-fail"}` + "\n" + `{"Action":"fail","Package":"p"}`,
	} {
		var out strings.Builder
		r := &results{out: &out}
		if err := r.read(strings.NewReader(events)); err != nil {
			t.Fatal(err)
		}
		r.summary(false)
		if !r.failed || !strings.Contains(out.String(), name) || !strings.HasSuffix(out.String(), "FAIL\n") {
			t.Errorf("failed is %v:\n%s", r.failed, &out)
		}
	}
}

func TestBrokenEvents(t *testing.T) {
	if err := (&results{}).read(strings.NewReader("go: cannot find main module\n")); err == nil {
		t.Error("no error")
	}
}
