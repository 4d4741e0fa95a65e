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
	out, err := exec.CommandContext(ctx, "go", "test", "-run", "^$", "-bench", "^BenchmarkPlan$", "-benchtime", "3x", "./cmd/mago/internal/engine").CombinedOutput()
	m := planned.FindSubmatch(out)
	if err != nil || m == nil {
		return "", fmt.Errorf("%w:\n%s", err, out)
	}
	return fmt.Sprintf("| %s | %s s | | | | 2 s | %s MB |", largePlan, m[2], m[1]), nil
}

// headersContests fetch and open the headers of a kernel of which nothing is here. They leave the system without them, and come last.
func (l *lab) headersContests() []contest {
	packages := "linux-headers-" + l.kernel
	before := func(ctx context.Context) error {
		_, err := l.Run(ctx, "sh", "-c", "apt-get purge --yes --auto-remove '^linux-headers-.*' '^linux-kbuild-.*' && rm -rf /var/cache/mago/headers /var/cache/apt/archives/linux-*")
		return err
	}
	return []contest{{
		lines:  []line{{what: "fetching and opening a kernel's headers (`get -l`), against `apt-get install`", aim: "0.50"}},
		before: before,
		mago:   l.on("mago", "-l", l.kernel, "get", "v4l2loopback"),
		peer:   l.on("apt-get", "install", "--yes", "--no-install-recommends", packages),
	}}
}
