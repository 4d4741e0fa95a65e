package soak

import (
	"context"
	"math/rand/v2"
	"strings"

	"mago/cmd/lab/internal/fuzz"
)

// fuzzAll runs every fuzz target; the first that finds something ends it.
func (s *soaking) fuzzAll(ctx context.Context, _ *rand.Rand, t *tally) (string, []finding, error) {
	var out strings.Builder
	err := fuzz.Run(ctx, []string{s.fuzz.String()}, &out, &out)
	for line := range strings.Lines(out.String()) {
		if strings.HasSuffix(strings.TrimSpace(line), ", no crash") && strings.HasPrefix(line, "mago/") {
			t.note("no crash")
		}
	}
	if err != nil {
		return "failed", []finding{{corrupted, out.String()}}, ctx.Err()
	}
	return s.fuzz.String() + " for each target", nil, nil
}
