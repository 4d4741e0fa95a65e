package main

import (
	"context"
	"fmt"
	"io"
	"os/exec"
	"regexp"
	"strings"
)

// target is one fuzz function.
type target struct{ pkg, name string }

// fuzz runs every fuzz target of the module for some time each, with a line of figures for each. It fails, at the end, if
// one has found something: the input is then below that package's testdata.
func fuzz(ctx context.Context, each string, stdout, stderr io.Writer) error {
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
		if err != nil {
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

// fuzz gives what go test has said. An input that reaches new code is made smaller for a second; by default that takes a
// minute, of a target that runs programs nearly all the time there is.
func (t target) fuzz(ctx context.Context, each string, stderr io.Writer) (said string, err error) {
	cmd := exec.CommandContext(ctx, "go", "test", "-run=^$", "-fuzz=^"+t.name+"$", "-fuzztime="+each, "-fuzzminimizetime=1s", t.pkg)
	cmd.Stderr = stderr
	out, err := cmd.Output()
	return string(out), err
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
