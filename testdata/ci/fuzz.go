package main

import (
	"context"
	"fmt"
	"io"
	"os/exec"
	"strings"
)

// target is one fuzz function.
type target struct{ pkg, name string }

// fuzz runs every fuzz target of the module for some time each; the first that finds something ends it.
func fuzz(ctx context.Context, each string, stdout, stderr io.Writer) error {
	list := exec.CommandContext(ctx, "go", "test", "-list", "^Fuzz", "./...")
	list.Stderr = stderr
	out, err := list.Output()
	if err != nil {
		return fmt.Errorf("list fuzz targets: %w", err)
	}
	for _, t := range targets(string(out)) {
		cmd := exec.CommandContext(ctx, "go", "test", "-run=^$", "-fuzz=^"+t.name+"$", "-fuzztime="+each, t.pkg)
		cmd.Stdout, cmd.Stderr = stdout, stderr
		if err := cmd.Run(); err != nil {
			return fmt.Errorf("%s %s: %w", t.pkg, t.name, err)
		}
	}
	return nil
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
