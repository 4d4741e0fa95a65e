package soak

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"mago/cmd/lab/internal/debian"
)

// machine is the system that all is done on, with every module built once.
type machine struct {
	*debian.System
	kernel string
	other  string              // a second kernel, of the first one's headers
	trees  map[string]string   // digests of the sources that were opened, by their places
	whole  map[string]bool     // hashes of packages that dpkg-deb could read
	signed map[string]contents // what was seen in packages, by their hashes
	kept   int64               // bytes that mago keeps of all modules
	edits  int                 // how often the local modules have been edited
}

// packaged are the modules that come from Debian: from dkms packages, the last of which brings files for every kernel,
// and from a module-assistant tarball. The local module lies in /root.
var packaged = []string{"v4l2loopback", "acpi-call", "xtrx", "bbswitch-source"}

const local = "./hello"

// locals are modules in /root that are built for two kernels at once.
var locals = []string{local, "./one", "./two"}

// source is this program's own, which the system that it keeps is made by.
//
//go:embed *.go
var source embed.FS

// limit is far above what any one command takes on a busy machine.
const limit = 10 * time.Minute

func newMachine(ctx context.Context, store *debian.Store) (*machine, error) {
	m := &machine{trees: map[string]string{}, whole: map[string]bool{}, signed: map[string]contents{}}
	var err error
	if m.System, err = store.Kept(ctx, "soak", []fs.FS{source}, func(sys *debian.System) error {
		_, err := sys.Run(ctx, "apt-get", "update")
		return errors.Join(err, store.KeepLists(ctx, sys))
	}); err != nil {
		return nil, err
	}
	if _, err := m.Deliver(ctx); err != nil {
		return nil, err
	}
	return m, errors.Join(m.edit(), m.prepare(ctx))
}

// prepare mends what an earlier run that was broken off has left, and brings everything into its place.
func (m *machine) prepare(ctx context.Context) (err error) {
	stale := m.glob("/tmp/*")
	for _, tool := range tools {
		stale = append(stale, m.standIn(tool))
	}
	for _, path := range stale {
		if err := os.RemoveAll(path); err != nil {
			return err
		}
	}
	if err := m.Mend(ctx); err != nil {
		return err
	}
	if _, err := m.Run(ctx, "apt-get", "install", "--yes", "--no-install-recommends", "strace", "kmod"); err != nil {
		return err
	}
	if m.kernel, err = m.NewestKernel(ctx); err != nil {
		return err
	}
	m.other = m.kernel + "-9"
	// What maintainer scripts take for the kernel itself: they have depmod run.
	modules := m.Path("/lib/modules/" + m.kernel)
	if err := errors.Join(os.MkdirAll(modules, 0o755), os.WriteFile(filepath.Join(modules, "modules.builtin"), nil, 0o644)); err != nil {
		return err
	}
	if err := m.giveSecret(); err != nil {
		return err
	}
	if _, err := os.Stat(m.Path(keys)); err != nil {
		if err := m.succeed(ctx, "mago", "key", "new"); err != nil {
			return err
		}
	}
	for _, args := range [][]string{{"clean"}, append([]string{"prepare", local}, packaged...), append([]string{"get"}, packaged...), append([]string{"a-b", local}, packaged...)} {
		if err := m.succeed(ctx, m.arguments(args...)...); err != nil {
			return err
		}
	}
	if err := errors.Join(m.addKernel(ctx), m.succeed(ctx, m.arguments(m.matrix()...)...)); err != nil {
		return err
	}
	m.kept = m.usage()
	return m.remember()
}

// outcome is how a command has ended and what it has said.
type outcome struct {
	code int // -1 where a signal has ended it
	said string
}

func (o outcome) String() string { return fmt.Sprintf("exit %d", o.code) }

// arguments are mago's for the system's kernel.
func (m *machine) arguments(args ...string) []string {
	return append([]string{"mago", "-t", "-l", m.kernel}, args...)
}

// mago runs mago to its end.
func (m *machine) mago(ctx context.Context, args ...string) outcome {
	return m.run(ctx, m.arguments(args...)...)
}

// run runs a program on the system to its end.
func (m *machine) run(ctx context.Context, args ...string) outcome {
	r, err := m.start(ctx, args...)
	if err != nil {
		return outcome{-1, err.Error()}
	}
	return r.wait()
}

// running is a program on the system.
type running struct {
	cmd    *exec.Cmd
	output *os.File
	cancel context.CancelFunc
}

func (m *machine) start(ctx context.Context, args ...string) (*running, error) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	output, err := os.CreateTemp("", "soak-")
	if err != nil {
		cancel()
		return nil, err
	}
	r := &running{cmd: m.Command(ctx, args...), output: output, cancel: cancel}
	r.cmd.Stdout, r.cmd.Stderr = output, output // a file: nobody waits for those who still hold it open
	if err := errors.Join(os.Remove(output.Name()), r.cmd.Start()); err != nil {
		return nil, errors.Join(err, output.Close())
	}
	return r, nil
}

func (r *running) wait() outcome {
	defer r.cancel()
	defer r.output.Close()
	_ = r.cmd.Wait() // told by the exit code
	return outcome{r.cmd.ProcessState.ExitCode(), r.said()}
}

// said is what the program has printed so far.
func (r *running) said() string {
	text, _ := io.ReadAll(io.NewSectionReader(r.output, 0, 1<<20)) // what cannot be read has not been said
	return string(text)
}

// pid is that of mago itself, below bubblewrap; 0 as long as there is none.
func (r *running) pid() int {
	for _, p := range children(processes(), r.cmd.Process.Pid) {
		if p.name == "mago" {
			return p.pid
		}
	}
	return 0
}

// edit changes the local modules, so that the next packages differ from the last ones under the same names.
func (m *machine) edit() error {
	m.edits++
	text, err := os.ReadFile("testdata/modules/hello/hello.c")
	if err != nil {
		return err
	}
	line := fmt.Sprintf("\nMODULE_INFO(soak, \"%d %d\");\n", time.Now().UnixNano(), m.edits)
	for _, dir := range locals {
		at, name := m.Path(filepath.Join("/root", dir)), filepath.Base(dir)
		err := errors.Join(os.MkdirAll(at, 0o755), os.WriteFile(filepath.Join(at, "Makefile"), []byte("obj-m := "+name+".o\n"), 0o644),
			os.WriteFile(filepath.Join(at, name+".c"), append(text, line...), 0o644))
		if err != nil {
			return err
		}
	}
	return nil
}
