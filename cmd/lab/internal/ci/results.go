package ci

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// event is a line of "go test -json", as go doc test2json tells.
type event struct {
	Action  string
	Package string
	Test    string
	Output  string
}

// results shows the outcome of tests: of those that pass a line per package, of others all that they said.
type results struct {
	out    io.Writer
	live   bool // shows everything at once
	failed bool

	said     map[string][]string // what the tests under way have said, by package and test
	packages []string            // go test's lines on packages
	skips    []string
	failures []string // what failed, with its last lines: a log that keeps only its end must tell them
}

// read follows one run of go test to its end.
func (r *results) read(events io.Reader) error {
	r.said = map[string][]string{}
	for decoder := json.NewDecoder(events); ; {
		var e event
		if err := decoder.Decode(&e); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return fmt.Errorf("read go test's events: %w", err)
		}
		r.take(e)
	}
}

func (r *results) take(e event) {
	key := e.Package + " " + e.Test
	switch e.Action {
	case "output", "build-output":
		if e.Test == "" || r.live {
			fmt.Fprint(r.out, e.Output)
		}
		if e.Test != "" {
			r.said[key] = append(r.said[key], e.Output)
		} else if isPackageLine(e.Output) {
			r.packages = append(r.packages, e.Output)
		}
	case "fail":
		r.failed = true
		if !r.live {
			fmt.Fprint(r.out, strings.Join(r.said[key], ""))
		}
		if e.Test != "" {
			r.fail(key, r.said[key])
		}
		delete(r.said, key)
	case "skip":
		if e.Test != "" && !isDiscard(e.Test) {
			r.skips = append(r.skips, key+": "+reason(r.said[key]))
		}
		delete(r.said, key)
	case "pass":
		delete(r.said, key)
	}
}

// fail notes what failed, with the end of what it said.
func (r *results) fail(what string, said []string) {
	const lines, width = 12, 400
	var end strings.Builder
	for _, line := range said[max(0, len(said)-lines):] {
		fmt.Fprintf(&end, "    %.*s\n", width, strings.TrimRight(line, "\n"))
	}
	r.failures = append(r.failures, what+"\n"+end.String())
	r.failed = true
}

func isPackageLine(line string) bool {
	return strings.HasPrefix(line, "ok  \t") || strings.HasPrefix(line, "FAIL\t")
}

// isDiscard tells a fuzz target that has no use for one input from a test that does not run.
func isDiscard(test string) bool {
	return strings.HasPrefix(test, "Fuzz") && strings.Contains(test, "/")
}

// reason is what a skipped test gave as such: the lines that are not the testing package's own.
func reason(said []string) string {
	var words []string
	for _, line := range said {
		line = strings.TrimSpace(line)
		if line != "" && !strings.HasPrefix(line, "=== ") && !strings.HasPrefix(line, "--- ") {
			words = append(words, line)
		}
	}
	if len(words) == 0 {
		return "no reason given"
	}
	return strings.Join(words, " ")
}

// summary ends a run with the skipped tests, go test's lines, the failures, and its last word.
func (r *results) summary(skipsFail bool) {
	fmt.Fprintln(r.out)
	for _, skip := range r.skips {
		fmt.Fprintln(r.out, "skipped:", skip)
	}
	if skipsFail && len(r.skips) > 0 {
		fmt.Fprintf(r.out, "%d skipped; in CI that is a failure\n", len(r.skips))
		r.failed = true
	}
	fmt.Fprint(r.out, strings.Join(r.packages, ""))
	for _, failure := range r.failures {
		fmt.Fprint(r.out, "failed: ", failure)
	}
	if r.failed {
		fmt.Fprintln(r.out, "FAIL")
	} else {
		fmt.Fprintln(r.out, "PASS")
	}
}
