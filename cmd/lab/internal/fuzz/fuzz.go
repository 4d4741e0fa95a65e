// Package fuzz runs every fuzz target of the module.
package fuzz

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

// target is one fuzz function.
type target struct{ pkg, name string }

// Run fuzzes each target for the time that its argument says and prints a line of figures for each. It fails, at the end, if one has found something: the input is then below that package's testdata.
func Run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	each := cmp.Or(strings.Join(args, " "), "30s")
	list := exec.CommandContext(ctx, "go", "test", "-list", "^Fuzz", "./...")
	list.Stderr = stderr
	out, err := list.Output()
	if err != nil {
		return fmt.Errorf("list fuzz targets: %w", err)
	}
	all := targets(string(out))
	var crashed []string
	for _, t := range all {
		said, err := t.fuzz(ctx, each, stderr)
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		result := "no crash"
		switch {
		case err == nil || timeRanOut(said):
		case t.passes(ctx, said):
			result = "no crash; one input took ten seconds on this machine, and passes alone"
		default:
			crashed, result = append(crashed, t.name), "CRASH\n"+said
		}
		fmt.Fprintf(stdout, "%-17s %-28s %s, %s\n", t.pkg, t.name, figures(said), result)
	}
	if len(crashed) > 0 {
		return fmt.Errorf("%d of %d fuzz targets crashed: %s", len(crashed), len(all), strings.Join(crashed, ", "))
	}
	fmt.Fprintf(stdout, "%d fuzz targets, no crash\n", len(all))
	return nil
}

// fuzz gives what go test has said. It begins with the seeds alone, as on a machine where nobody has fuzzed before: what earlier
// runs have found interesting is in Go's cache and leads elsewhere. An input that reaches new code is made smaller for a second;
// by default that takes a minute, of a target that runs programs nearly all the time there is.
func (t target) fuzz(ctx context.Context, each string, stderr io.Writer) (said string, err error) {
	corpus, err := os.MkdirTemp("", "mago-fuzz")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(corpus)
	cmd := exec.CommandContext(ctx, "go", "test", "-run=^$", "-fuzz=^"+t.name+"$", "-fuzztime="+each, "-fuzzminimizetime=1s", t.pkg,
		"-args", "-test.fuzzcachedir="+corpus)
	cmd.Stderr, cmd.WaitDelay = stderr, time.Minute
	out, err := cmd.Output()
	return string(out), err
}

// timeRanOut reports whether a target has failed for nothing but the end of its time, which package testing takes for an error
// where a worker is about to tell of an input (https://go.dev/issue/75804).
func timeRanOut(said string) bool {
	return strings.Contains(said, "context deadline exceeded") && !strings.Contains(said, "Failing input") && strings.Count(said, "--- FAIL:") == 1
}

// hung is what package testing says of an input for which a worker took ten seconds, or at which it ended, and where that input is.
var hung = regexp.MustCompile(`(?s)hung or terminated unexpectedly.*Failing input written to (testdata/fuzz/\S+)`)

// passes tries the input alone for which a worker was ended, and removes it if it is not the input's fault.
func (t target) passes(ctx context.Context, said string) bool {
	match := hung.FindStringSubmatch(said)
	if match == nil {
		return false
	}
	_, input, _ := strings.Cut(match[1], "fuzz/")
	if exec.CommandContext(ctx, "go", "test", "-count=1", "-timeout=10s", "-run=^"+strings.Replace(input, "/", "$/^", 1)+"$", t.pkg).Run() != nil {
		return false
	}
	dir, err := exec.CommandContext(ctx, "go", "list", "-f", "{{.Dir}}", t.pkg).Output()
	return err == nil && os.Remove(filepath.Join(strings.TrimSpace(string(dir)), match[1])) == nil
}

// counts are in go test's lines on its progress.
var counts = regexp.MustCompile(`execs: (\d+) .*new interesting: (\d+)`)

// figures are the last counts in what go test has said.
func figures(said string) string {
	all := counts.FindAllStringSubmatch(said, -1)
	if len(all) == 0 {
		return "no execs"
	}
	last := all[len(all)-1]
	return fmt.Sprintf("%8s execs, %3s new interesting", last[1], last[2])
}

// targets reads the output of go test -list, which names each package after its functions.
func targets(list string) []target {
	var all []target
	var names []string
	for line := range strings.Lines(list) {
		fields := strings.Fields(line)
		switch {
		case len(fields) == 1 && strings.HasPrefix(fields[0], "Fuzz"):
			names = append(names, fields[0])
		case len(fields) > 1 && fields[0] == "ok":
			for _, name := range names {
				all = append(all, target{fields[1], name})
			}
			names = nil
		}
	}
	return all
}
