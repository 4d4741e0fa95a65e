// Package ci runs all of mago's tests: it installs the programs that they need, makes the system that real builds run
// on, runs go test, and ends with go test's own lines and what failed. Where CI=true, a test that skips has failed.
package ci

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"

	"mago/cmd/lab/internal/debian"
	"mago/cmd/lab/internal/soak"
)

// Stories and real builds start mago and the programs beside it thousands of times, each of which the race detector makes several
// times slower.
const (
	stories    = "^(TestScript|TestForeignWords|FuzzForeignWords)$"
	realBuilds = "mago/kbuild"
)

// suite is one run of tests.
type suite struct {
	args []string
	live bool // shown while it runs, and whole
}

// suites are the test runs, in order: the race detector is for what is neither stories nor real builds.
func suites(packages []string) []suite {
	raced := slices.DeleteFunc(slices.Clone(packages), func(pkg string) bool { return pkg == realBuilds })
	return []suite{
		{args: append([]string{"-race", "-timeout=40m", "-skip=" + stories}, raced...)},
		{args: []string{"-timeout=20m", realBuilds, "mago/cmd/mago"}},
		{args: []string{"-tags=e2e", "-timeout=40m", "./cmd/lab/internal/e2e"}, live: true},
	}
}

// allPackages lists mago's packages. Those that take longest begin first, so that the others are tested beside them.
func allPackages(ctx context.Context) ([]string, error) {
	out, err := exec.CommandContext(ctx, "go", "list", "./...").Output()
	if err != nil {
		return nil, fmt.Errorf("go list: %w", err)
	}
	return append([]string{"mago/cmd/mkdeb", "mago/kbuild/sandbox"}, strings.Fields(string(out))...), nil
}

// Run runs everything; the error is that something has failed.
func Run(ctx context.Context, _ []string, stdout, stderr io.Writer) error {
	if err := install(ctx, stderr); err != nil {
		fmt.Fprintln(stderr, "ci:", err)
	}
	if err := prepare(ctx, stderr); err != nil {
		fmt.Fprintln(stderr, "ci: no system for real builds:", err)
	}
	r := &results{out: stdout}
	all, err := allPackages(ctx)
	if err != nil {
		return err
	}
	for _, suite := range suites(all) {
		r.live = suite.live
		if err := goTest(ctx, r, stderr, suite.args); err != nil {
			r.fail("go test "+strings.Join(suite.args, " "), []string{err.Error()})
		}
	}
	if err := debian.Missing(); err != nil {
		r.skips = append(r.skips, "soak: "+err.Error())
	} else if err := soak.Run(ctx, shortSoak, stdout, stderr); err != nil {
		r.fail("soak", strings.SplitAfter(err.Error(), "\n"))
	}
	r.summary(os.Getenv("CI") == "true")
	if r.failed {
		return errors.New("something failed; see above")
	}
	return nil
}

// packages hold what tests run beside Go: what mago itself runs, other programs to compare with, and machines.
var packages = []string{"binutils", "bubblewrap", "busybox-static", "bzip2", "debootstrap", "dpkg-dev", "gcc", "kmod", "libc6-dev", "lintian", "lz4",
	"make", "opensc", "p11-kit-modules", "qemu-system-x86", "softhsm2", "xz-utils", "zstd"}

// install installs the packages that are missing.
func install(ctx context.Context, stderr io.Writer) error {
	missing := slices.DeleteFunc(slices.Clone(packages), func(name string) bool {
		out, err := exec.CommandContext(ctx, "dpkg-query", "--show", "--showformat=${db:Status-Status}", name).Output()
		return err == nil && string(out) == "installed"
	})
	if len(missing) == 0 {
		return nil
	}
	if os.Geteuid() != 0 {
		return fmt.Errorf("only root can install %q; what needs them skips", missing)
	}
	install := append([]string{"install", "--yes", "--no-install-recommends"}, missing...)
	for _, args := range [][]string{{"update"}, install} {
		cmd := exec.CommandContext(ctx, "apt-get", append([]string{"-q", "-o", "DPkg::Lock::Timeout=300"}, args...)...)
		cmd.Env = append(os.Environ(), "DEBIAN_FRONTEND=noninteractive")
		cmd.Stdout, cmd.Stderr = stderr, stderr
		if err := cmd.Run(); err != nil {
			return fmt.Errorf("apt-get %s: %w", args[0], err)
		}
	}
	return nil
}

// prepare makes the system that real builds run on, and tells the tests where it is.
func prepare(ctx context.Context, stderr io.Writer) (err error) {
	if os.Getenv("MAGO_TEST_ROOT") != "" {
		return nil
	}
	store, err := debian.OpenStore("bookworm", stderr)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	dir, err := store.Prepared(ctx)
	if err != nil {
		return err
	}
	return os.Setenv("MAGO_TEST_ROOT", dir)
}

// shortSoak is for a short run of "make soak", on the systems that all tests share, and with the same chances each time.
var shortSoak = []string{"-store=", "-seed=1", "-kills=6", "-disks=8", "-faults=4", "-failures=3", "-clocks=1", "-crowd=4", "-requests=6", "-fuzz=0"}

func goTest(ctx context.Context, r *results, stderr io.Writer, args []string) error {
	cmd := exec.CommandContext(ctx, "go", append([]string{"test", "-json", "-count=1"}, args...)...)
	if slices.Contains(args, "-race") {
		cmd.Env = append(os.Environ(), "CGO_ENABLED=1") // which the race detector needs and make turns off
	}
	cmd.Stderr = stderr
	events, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	err = r.read(events)
	var exit *exec.ExitError
	if waited := cmd.Wait(); !errors.As(waited, &exit) { // which the events have told in more words
		err = errors.Join(err, waited)
	}
	r.failed = r.failed || cmd.ProcessState.ExitCode() != 0
	return err
}
