package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"mago/cmd/lab/internal/debian"
	"mago/cmd/lab/internal/releases"
)

// reusedModules are dkms packages of Debian 13, each of a few files, whose modules load where their hardware is not.
var reusedModules = []string{
	"acpi-call", "ddcci", "dm-writeboost", "langford", "lenovolegionlinux", "mimic", "mstflint", "rapiddisk", "rtpengine-kernel", "v4l2loopback", "vhba", "vpoll", "xtrx",
}

// reusedKernels is how many of Debian 13's kernels they are built for.
const reusedKernels = 8

const reuseMatrix = "13 modules × 8 kernels of Debian 13, `--reuse`"

// reuse builds many modules for many kernels with --reuse where nothing was built before, and compares how often a compiler was
// executed for a source file, which strace(1) tells, with how often that had to be: each file of a module once for the newest
// kernel and once for each one that has another CRC of a symbol that the module uses, which modprobe(8) and Module.symvers tell.
func reuse(ctx context.Context) (row string, err error) {
	store, err := debian.OpenStore("trixie", io.Discard)
	if err != nil {
		return "", err
	}
	defer store.Close()
	sys, err := store.Fresh(ctx, "bench-reuse")
	if err != nil {
		return "", err
	}
	defer sys.Remove()
	kernels, err := prepareReuse(ctx, sys)
	if err != nil {
		return "", err
	}
	words := append([]string{"strace", "-f", "--seccomp-bpf", "-qq", "-v", "-s", "4096", "-e", "trace=execve", "-o", "/srv/trace",
		"mago", "--text-mode", "--reuse", "-l", strings.Join(kernels, ","), "auto-build"}, reusedModules...)
	if _, err := sys.Run(ctx, words...); err != nil {
		return "", err
	}
	trace, err := os.Open(sys.Path("/srv/trace"))
	if err != nil {
		return "", err
	}
	defer trace.Close()
	seen, err := readCompilations(trace)
	if err != nil {
		return "", err
	}
	return compareReuse(ctx, sys, kernels, seen)
}

// prepareReuse gives a system what the builds need but headers, and the newest kernels that apt has.
func prepareReuse(ctx context.Context, sys *debian.System) (kernels []string, err error) {
	if _, err := sys.Deliver(ctx); err != nil {
		return nil, err
	}
	if _, err := sys.Run(ctx, "apt-get", "update"); err != nil {
		return nil, err
	}
	if kernels, err = releases.Plain(ctx, sys); err != nil {
		return nil, err
	}
	if len(kernels) < reusedKernels {
		return nil, fmt.Errorf("apt has %d kernels only: %q", len(kernels), kernels)
	}
	kernels = kernels[:reusedKernels]
	return kernels, sys.RunAll(ctx,
		[]string{"apt-get", "install", "--yes", "--no-install-recommends", "strace", "kmod", "xz-utils"},
		append([]string{"mago", "--text-mode", "--non-inter", "-l", kernels[0], "prepare"}, reusedModules...))
}

// compareReuse compares, unit by unit, what was compiled with what had to be.
func compareReuse(ctx context.Context, sys *debian.System, kernels []string, seen compilations) (row string, err error) {
	symvers, err := readSymvers(sys, kernels)
	if err != nil {
		return "", err
	}
	expected, counted, steps := 0, 0, 0
	var failed error
	for _, module := range reusedModules {
		var once int
		for i, kernel := range kernels {
			p, err := openPackage(ctx, sys, module, kernel)
			if err != nil {
				return "", err
			}
			files := seen.of(kernel, p.modules)
			want := 0
			switch {
			case i == 0:
				once = len(slices.Compact(slices.Sorted(slices.Values(files))))
				want = once
			case p.changed(symvers[i-1], symvers[i]):
				want = once
				steps++
			}
			expected, counted = expected+want, counted+len(files)
			if len(files) > want || once == 0 {
				failed = errors.Join(failed, fmt.Errorf("%s for %s: a compiler was executed for %q, and had to be %d times", module, kernel, files, want))
			}
		}
	}
	if all := seen.all(); all != counted {
		failed = errors.Join(failed, fmt.Errorf("%d files were compiled, and %d of them for these modules", all, counted))
	}
	what := fmt.Sprintf("%s: compilers executed, against the first kernel's and %d of %d steps'", reuseMatrix, steps, len(reusedModules)*(len(kernels)-1))
	return fmt.Sprintf("| %s | %d | %d | **%.3f** | | 1.00 | |", what, counted, expected, float64(counted)/float64(expected)), failed
}
