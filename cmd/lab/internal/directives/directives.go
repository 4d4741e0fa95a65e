// Package directives has dkms and mago read the dkms.conf of every *-dkms package of a Debian release, and tells where they
// do not read the same. dkms is the release's own, as it is installed; it is stopped once it has read a file.
package directives

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"

	"mago/cmd/lab/internal/debian"
)

// comparison is one run.
type comparison struct {
	system *debian.System
	kernel string
	stdout io.Writer
}

// Run compares as the flags say, and tells of each file on stdout.
func Run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	flags := flag.NewFlagSet("directives", flag.ContinueOnError)
	release := flags.String("release", "bookworm", "Debian `release`")
	only := flags.String("only", "", "`globs` of package names, separated by commas (default: all)")
	if err := flags.Parse(args); err != nil {
		return err
	}
	store, err := debian.OpenNamedStore("directives-", *release, stderr)
	if err != nil {
		return err
	}
	defer store.Close()
	c, err := prepare(ctx, store, stdout)
	if err != nil {
		return err
	}
	packages, err := c.packages(ctx, *only)
	if err != nil {
		return err
	}
	return errors.Join(c.compareConfs(ctx), c.all(ctx, packages))
}

// prepare gives a system with dkms, mago and the headers of the release's kernel.
func prepare(ctx context.Context, store *debian.Store, stdout io.Writer) (*comparison, error) {
	system, err := store.Kept(ctx, "readers", nil, func(sys *debian.System) error {
		return sys.RunAll(ctx, []string{"apt-get", "update"},
			[]string{"apt-get", "install", "--yes", "--no-install-recommends", "dkms", "bubblewrap", "kmod", "patch"},
			[]string{"useradd", "--system", "--user-group", "--no-create-home", "--home-dir", "/nonexistent", "mago-build"})
	})
	if err != nil {
		return nil, err
	}
	kernels, err := system.Kernels(ctx)
	if err != nil {
		return nil, err
	}
	kernel := kernels[0]
	if _, err := system.Run(ctx, "apt-get", "install", "--yes", "--no-install-recommends", "linux-headers-"+kernel); err != nil {
		return nil, err
	}
	_, err = system.Deliver(ctx)
	return &comparison{system, kernel, stdout}, err
}

// packages are those that are named as packages for dkms are, and match one of the globs.
func (c *comparison) packages(ctx context.Context, only string) ([]string, error) {
	out, err := c.system.Run(ctx, "apt-cache", "search", "--names-only", ".-dkms$")
	if err != nil {
		return nil, err
	}
	var all []string
	for line := range strings.Lines(out) {
		name, _, _ := strings.Cut(line, " ")
		matches := func(glob string) bool { ok, _ := path.Match(glob, name); return ok }
		if name != "dh-dkms" && (only == "" || slices.ContainsFunc(strings.Split(only, ","), matches)) {
			all = append(all, name)
		}
	}
	slices.Sort(all)
	return all, nil
}

// all compares every package's files, and fails where one was read differently, or not at all.
func (c *comparison) all(ctx context.Context, packages []string) error {
	var files, differing int
	var failures []error
	for _, name := range packages {
		trees, err := c.open(ctx, name)
		if err != nil {
			failures = append(failures, err)
			continue
		}
		for _, tree := range trees {
			differences, err := c.compare(ctx, tree)
			if err != nil {
				failures = append(failures, fmt.Errorf("%s: %s: %w", name, path.Base(tree), err))
				continue
			}
			files++
			c.tell(name+" "+path.Base(tree), differences)
			if len(differences) > 0 {
				differing++
			}
		}
	}
	fmt.Fprintf(c.stdout, "%s: %d packages, %d files, %d of them read differently\n", c.kernel, len(packages), files, differing)
	if differing > 0 {
		failures = append(failures, fmt.Errorf("dkms and mago differ about %d files", differing))
	}
	return errors.Join(failures...)
}

func (c *comparison) tell(name string, differences []string) {
	verdict := "same"
	if len(differences) > 0 {
		verdict = "differs"
	}
	fmt.Fprintf(c.stdout, "%-8s %s\n", verdict, name)
	for _, d := range differences {
		fmt.Fprintf(c.stdout, "         %s\n", d)
	}
}
