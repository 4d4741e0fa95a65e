// Package bench measures mago against module-assistant, dkms, make and dpkg-deb on a clean Debian system: what is compared
// runs in turn, several times, and the table shows medians and the medians of the ratios.
package bench

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"mago/cmd/lab/internal/debian"
)

// Run prints the table: its lines as they are measured. -only chooses those whose text has a word, -rounds how often everything is
// timed after one round for memory. As "write FROM TO" it is one side of a contest: mago's writer of packages as a program of its own.
func Run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	if len(args) == 3 && args[0] == "write" {
		return writePackage(args[1], args[2])
	}
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.SetOutput(stderr)
	only := flags.String("only", "", "measure the contests only that have a line with this text")
	rounds := flags.Int("rounds", 5, "how often everything is timed")
	if err := flags.Parse(args); err != nil {
		return err
	}
	l := &lab{}
	if slices.ContainsFunc(l.contests(), func(c contest) bool { return (c.alone == nil || c.prepare != nil) && c.has(*only) }) {
		store, err := debian.OpenStore("bookworm", io.Discard)
		if err != nil {
			return err
		}
		defer store.Close()
		fmt.Fprintln(stderr, "bench: preparing a clean Debian with mago")
		if l, err = newLab(ctx, store); err != nil {
			return err
		}
		defer l.Remove()
	}
	fmt.Fprintf(stdout, "%s, %d cores, kernel headers %s; medians of %d rounds\n\n", runtime.GOARCH, runtime.NumCPU(), cmp.Or(l.kernel, "of each line"), *rounds)
	fmt.Fprintln(stdout, "| what | mago | peer | mago / peer | processor time | aim | mago's memory |")
	fmt.Fprintln(stdout, "|---|---|---|---|---|---|---|")
	var failed error
	for _, c := range l.contests() {
		if !c.has(*only) {
			continue
		}
		rows, err := c.run(ctx, *rounds)
		if err != nil {
			failed = errors.Join(failed, fmt.Errorf("%s: %w", c.lines[0].what, err))
		}
		for _, row := range rows {
			fmt.Fprintln(stdout, row)
		}
	}
	return failed
}

// has reports whether one of the lines has a text.
func (c contest) has(text string) bool {
	return slices.ContainsFunc(c.lines, func(l line) bool { return strings.Contains(l.what, text) })
}

// lab is the system that everything is measured on.
type lab struct {
	*debian.System
	kernel    string
	cloud     string // another one with the same common headers
	assistant bool   // whether module-assistant is there
}

func newLab(ctx context.Context, store *debian.Store) (*lab, error) {
	sys, err := store.Fresh(ctx, "bench")
	if err != nil {
		return nil, err
	}
	if _, err := sys.Deliver(ctx); err != nil {
		return nil, err
	}
	sys.Groups = true // else mago mounts their hierarchy for each sandbox, which no machine has it do
	l := &lab{System: sys}
	if _, err := l.Run(ctx, "apt-get", "update"); err != nil {
		return nil, err
	}
	if l.kernel, err = l.NewestKernel(ctx); err != nil {
		return nil, err
	}
	l.cloud = strings.TrimSuffix(l.kernel, runtime.GOARCH) + "cloud-" + runtime.GOARCH
	return l, l.RunAll(ctx,
		[]string{"apt-get", "install", "--yes", "--no-install-recommends", "build-essential", "kmod", "linux-headers-" + l.kernel},
		[]string{"mago", "a-i", "-l", l.kernel, "v4l2loopback"},
		[]string{"sh", "-c", "cp -r /var/cache/mago/trees/v4l2loopback-dkms/*/data/usr/src/v4l2loopback-* /root/bare && chmod -R a+rX /root"},
	)
}

// moduleAssistant installs it, and lets it build once.
func (l *lab) moduleAssistant(ctx context.Context) error {
	if l.assistant {
		return nil
	}
	l.assistant = true
	return l.RunAll(ctx,
		[]string{"apt-get", "install", "--yes", "--no-install-recommends", "module-assistant"},
		[]string{"m-a", "--text-mode", "update"},
		[]string{"m-a", "--text-mode", "--non-inter", "-l", l.kernel, "a-i", "v4l2loopback"},
	)
}

// payload is how many bytes of modules the large package holds.
const payload = 90 << 20

// modules fills /srv/modules with real ones, those of the kernel's own package.
func (l *lab) modules(ctx context.Context) error {
	_, err := l.Run(ctx, "sh", "-c", "mkdir -p /srv && cd /srv && apt-get download linux-image-"+l.kernel+" && dpkg-deb -x linux-image-*.deb image && rm *.deb")
	if err != nil {
		return err
	}
	files, err := filepath.Glob(l.Path("/srv/image/lib/modules/*/kernel/*/*/*.ko"))
	if err != nil {
		return err
	}
	deeper, err := filepath.Glob(l.Path("/srv/image/lib/modules/*/kernel/*/*/*/*.ko"))
	if err != nil {
		return err
	}
	dir := l.Path("/srv/tree/lib/modules")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	var size int64
	for _, file := range append(files, deeper...) {
		info, err := os.Stat(file)
		if err != nil {
			return err
		}
		if size += info.Size(); size > payload {
			return l.controlFile()
		}
		if err := os.Rename(file, filepath.Join(dir, filepath.Base(file))); err != nil {
			return err
		}
	}
	return fmt.Errorf("the kernel's package has %d bytes of modules only", size)
}

// controlFile makes /srv/tree what dpkg-deb --build takes.
func (l *lab) controlFile() error {
	if err := os.Mkdir(l.Path("/srv/tree/DEBIAN"), 0o755); err != nil {
		return err
	}
	return os.WriteFile(l.Path("/srv/tree/DEBIAN/control"),
		[]byte("Package: large\nVersion: 1\nArchitecture: amd64\nMaintainer: Nobody <nobody@example.org>\nDescription: 90 MB of modules\n"), 0o644)
}
