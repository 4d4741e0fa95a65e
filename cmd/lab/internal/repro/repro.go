// Package repro has mago build modules on a clean Debian 12 in ways that should not matter, and says of each whether its
// packages have the same bytes every time, or where they differ. Without arguments it takes the modules of the
// end-to-end story, and of the archive's those that every recipe and many a habit of Makefiles is found in.
package repro

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"mago/cmd/lab/internal/debian"
	"mago/cmd/lab/internal/same"
)

// words are mago's words for the modules, as long as nothing else is asked for; those that belong together are built so.
var words = []string{
	"./hello", "./lender-dkms ./borrower-dkms", "v4l2loopback", "acpi-call", "xtrx", "leds-alix-source",
	"bbswitch-source", "broadcom-sta", "dahdi", "ddcci", "digimend", "evdi", "gost-crypto", "iptables-netflow", "jool", "nat-rtsp",
	"r8168", "tp-smapi", "west-chamber", "xtables-addons",
}

// openly are the words that a sandbox without bubblewrap gives other packages for, or none, with the cause.
var openly = map[string]string{
	"./lender-dkms ./borrower-dkms": "borrower looks for lender's source below /usr/src, where it is not installed",
	"iptables-netflow":              "gen_compat_def writes the path of its directory into a header, which modpost counts for srcversion",
	"west-chamber":                  "it looks for xtables-addons' source below /usr/src, where it is not installed",
}

// Run builds what the arguments name and prints a line for each.
func Run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	if len(args) == 0 {
		args = words
	}
	store, err := debian.OpenNamedStore("repro-", "bookworm", io.Discard)
	if err != nil {
		return err
	}
	defer store.Close()
	fmt.Fprintln(stderr, "repro: preparing a clean Debian")
	sys, err := store.Kept(ctx, "repro", nil, func(*debian.System) error { return nil })
	if err != nil {
		return err
	}
	kernel, err := prepare(ctx, sys)
	if err != nil {
		return err
	}
	var failures []error
	for _, word := range args {
		if err := all(ctx, stdout, sys, kernel, strings.Fields(word)...); err != nil {
			fmt.Fprintf(stdout, "%s: %v\n", word, err)
			failures = append(failures, err)
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
	}
	if len(failures) > 0 {
		return fmt.Errorf("%d of %d differ or cannot be built", len(failures), len(args))
	}
	return nil
}

func prepare(ctx context.Context, sys *debian.System) (kernel string, err error) {
	if _, err := sys.Deliver(ctx); err != nil {
		return "", err
	}
	if _, err := sys.Run(ctx, "apt-get", "update"); err != nil {
		return "", err
	}
	if kernel, err = sys.NewestKernel(ctx); err != nil {
		return "", err
	}
	if err := same.Prepare(ctx, sys); err != nil {
		return "", err
	}
	return kernel, copyModules(sys)
}

func copyModules(sys *debian.System) error {
	for _, dir := range []string{"hello", "lender-dkms", "borrower-dkms"} {
		to := sys.Path(same.Sources + "/" + dir)
		if err := errors.Join(os.RemoveAll(to), os.CopyFS(to, os.DirFS("testdata/modules/"+dir))); err != nil {
			return err
		}
	}
	return nil
}

// all builds modules in every way that can give the same.
func all(ctx context.Context, stdout io.Writer, sys *debian.System, kernel string, words ...string) error {
	prepare := []string{"env", "--chdir=" + same.Sources, "mago", "-t", "-l", kernel, "prepare"}
	if _, err := sys.Run(ctx, append(prepare, words...)...); err != nil {
		return err
	}
	plain, _, err := same.Plain.Build(ctx, sys, kernel, words...)
	if err != nil {
		return err
	}
	ways := []same.Way{same.Elsewhere, same.Later, same.Open}
	note := ""
	if cause := openly[strings.Join(words, " ")]; cause != "" {
		ways, note = ways[:2], " (not without bubblewrap: "+cause+")"
	}
	for _, way := range ways {
		dir, _, err := way.Build(ctx, sys, kernel, words...)
		if err != nil {
			return err
		}
		told, err := same.Compare(plain, dir)
		if err != nil {
			return err
		}
		if len(told) > 0 {
			return fmt.Errorf("differs %s:\n%s", way.What, strings.Join(told, "\n"))
		}
	}
	fmt.Fprintf(stdout, "%s: the same bytes%s\n", strings.Join(words, " "), note)
	return nil
}
