package bench

import (
	"context"
	"fmt"
	"os/exec"
	"regexp"
)

var planned = regexp.MustCompile(`(?s)\s([0-9.]+) MB\s.*?([0-9.]+) cpu-s/op`)

const largePlan = "a plan of 60 modules × 1,000 kernels, all there: processor time"

// plan is the line of a plan of a large matrix, made lists and records, which the engine's own benchmark measures.
func plan(ctx context.Context) (row string, err error) {
	out, err := exec.CommandContext(ctx, "go", "test", "-run", "^$", "-bench", "^BenchmarkPlan$/^60_x_1000$", "-benchtime", "3x", "./cmd/mago/internal/engine").CombinedOutput()
	m := planned.FindSubmatch(out)
	if err != nil || m == nil {
		return "", fmt.Errorf("%w:\n%s", err, out)
	}
	return fmt.Sprintf("| %s | %s s | | | | 2 s | %s MB |", largePlan, m[2], m[1]), nil
}
