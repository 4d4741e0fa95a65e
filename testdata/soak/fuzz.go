package main

import (
	"context"
	"math/rand/v2"
	"os/exec"
	"strings"
	"time"
)

// fuzzAll runs every fuzz target; the first that finds something ends it.
func (s *soaking) fuzzAll(ctx context.Context, _ *rand.Rand, t *tally) (string, []finding, error) {
	cmd := exec.CommandContext(ctx, "go", "run", "./testdata/ci", "-fuzz", s.fuzz.String())
	cmd.WaitDelay = time.Minute
	out, err := cmd.CombinedOutput()
	for line := range strings.Lines(string(out)) {
		if strings.HasSuffix(strings.TrimSpace(line), ", no crash") && strings.HasPrefix(line, "mago/") {
			t.note("no crash")
		}
	}
	if err != nil {
		return "failed", []finding{{corrupted, string(out)}}, ctx.Err()
	}
	return s.fuzz.String() + " for each target", nil, nil
}
