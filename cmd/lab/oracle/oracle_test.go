package oracle

import (
	"flag"
	"os/exec"
	"testing"
)

// worker stands for the test of one input, which it ends with what was skipped.
type worker struct {
	testing.TB
	skipped bool
}

func (*worker) Helper()                {}
func (w *worker) Skipf(string, ...any) { w.skipped = true }

func TestRun(t *testing.T) {
	for _, test := range []struct {
		trying  string
		program []string
		skipped bool
		fails   bool
	}{
		{"false", []string{"true"}, false, false},
		{"false", []string{"false"}, false, true},
		{"true", []string{"true"}, false, false},
		{"true", []string{"false"}, false, true},
		{"true", []string{"/no/such/program"}, false, true},
		{"true", []string{"sleep", "3600"}, true, true},
	} {
		value := flag.Lookup("test.fuzzworker").Value
		if err := value.Set(test.trying); err != nil {
			t.Fatal(err)
		}
		w := &worker{TB: t}
		err := Run(w, exec.Command(test.program[0], test.program[1:]...))
		if (err != nil) != test.fails || w.skipped != test.skipped {
			t.Errorf("%+v: %v, skipped %v", test, err, w.skipped)
		}
		if err := value.Set("false"); err != nil {
			t.Fatal(err)
		}
	}
}
