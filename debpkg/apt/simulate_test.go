package apt

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"reflect"
	"slices"
	"strings"
	"testing"

	"mago/debpkg/word"
)

func change(t *testing.T, target, from, to string) (c Change) {
	t.Helper()
	name, architecture, _ := strings.Cut(target, ":")
	if err := errors.Join(c.Package.Name.UnmarshalText([]byte(name)), c.Package.Architecture.UnmarshalText([]byte(architecture)),
		c.Old.UnmarshalText([]byte(from)), c.New.UnmarshalText([]byte(to))); err != nil {
		t.Fatal(err)
	}
	return c
}

// The lines of apt 2.6 and 3.0.
const simulation = `NOTE: This is only a simulation!
      apt-get needs root privileges for real execution.
Reading package lists...
The following NEW packages will be installed:
  linux-image-6.12.117+deb12-amd64
0 upgraded, 14 newly installed, 0 to remove and 8 not upgraded.
Remv old-tool [1.0-1] [new-tool:amd64 ]
Purg older-tool [0.9]
Inst linux-base (4.12.1~deb12u1 Debian:12.15/oldstable, Debian-Security:12/oldstable-security [all])
Inst libc6:i386 [2.36-8] (2.36-9+deb12u14 Debian:12.15/oldstable [i386]) []
Inst make [4.3-4.1] (4.3-4.1 Debian:12.15/oldstable [amd64])
Inst hello (1:1.0 local-deb [amd64])
Conf linux-base (4.12.1~deb12u1 Debian:12.15/oldstable [all])
`

func TestSimulate(t *testing.T) {
	var ran []string
	in := &Installer{DryRun: true, Run: func(*exec.Cmd) error { t.Error("a change of the system"); return nil }, Query: func(cmd *exec.Cmd) error {
		ran = cmd.Args
		_, err := fmt.Fprint(cmd.Stdout, simulation)
		return err
	}}
	got, err := in.Simulate(context.Background(), InstallOptions{}, []word.Target{change(t, "hello", "", "").Package})
	want := Transaction{
		Install: []Change{change(t, "linux-base", "", "4.12.1~deb12u1"), change(t, "hello", "", "1:1.0")},
		Upgrade: []Change{change(t, "libc6:i386", "2.36-8", "2.36-9+deb12u14"), change(t, "make", "4.3-4.1", "4.3-4.1")},
		Remove:  []Change{change(t, "old-tool", "1.0-1", ""), change(t, "older-tool", "0.9", "")},
	}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, %v\nwant %v", got, err, want)
	}
	if names := got.Incoming(); !slices.Equal(names, []string{"linux-base", "hello", "libc6", "make"}) {
		t.Errorf("incoming: %q", names)
	}
	if line := strings.Join(ran, " "); !strings.HasPrefix(line, "apt-get --simulate -o Debug::NoLocking=true ") || !strings.HasSuffix(line, " -- hello") {
		t.Errorf("ran %q", line)
	}
}

// TestSimulationEndsAtOnce: only what changes the system is waited for.
func TestSimulationEndsAtOnce(t *testing.T) {
	ctx, end := context.WithCancel(t.Context())
	in := &Installer{Finishing: func(tool string) { t.Errorf("it waits for %s", tool) }, Query: func(cmd *exec.Cmd) error {
		deaf := exec.CommandContext(ctx, "sh", "-c", `trap "" INT; echo begun; exec sleep 600`)
		deaf.Cancel, deaf.WaitDelay = cmd.Cancel, cmd.WaitDelay
		said, err := deaf.StdoutPipe()
		if err != nil {
			return err
		}
		if err := deaf.Start(); err != nil {
			return err
		}
		cmd.Process = deaf.Process
		_, err = said.Read(make([]byte, 16))
		end()
		return errors.Join(err, deaf.Wait())
	}}
	if _, err := in.Simulate(ctx, InstallOptions{}, nil); err == nil {
		t.Error("no error")
	}
}

// TestSimulationIsReadWhole: what cannot be read could be what must not come.
func TestSimulationIsReadWhole(t *testing.T) {
	for _, line := range []string{
		"Inst", "Inst hello", "Inst hello [1.0]", "Inst -oX=y (1.0 x [amd64])", "Inst hello:a_b (1.0 x [amd64])", "Inst hello (x1 y [amd64])", "Remv hello [x] ", "Remv hello [1.0] (2.0 x [amd64])", "Remv",
	} {
		if got, err := parseSimulation("Reading package lists...\n" + line + "\n"); err == nil {
			t.Errorf("%q is taken for %v", line, got)
		}
	}
}

func TestCost(t *testing.T) {
	const uris = "Need to get 1122 kB of archives.\nAfter this operation, %s\n" +
		"'http://deb.example.org/pool/f/flex_2.6.4-8.2_amd64.deb' flex_2.6.4-8.2_amd64.deb 421580 MD5Sum:d968b8aa\n" +
		"'http://deb.example.org/pool/z/zstd_1.5.4%%2bdfsg2-5_amd64.deb' zstd_1.5.4+dfsg2-5_amd64.deb 700656 SHA256:a2a9b064\n"
	for said, disk := range map[string]int64{
		"203 MB of additional disk space will be used.": 203_000_000, "3,423 kB of additional disk space will be used.": 3_423_000,
		"0 B of additional disk space will be used.": 0, "12.5 kB disk space will be freed.": -12_500, "1.2 GB of additional disk space will be used.": 1_200_000_000, "nobody knows.": 0,
	} {
		if got := parseCost(fmt.Sprintf(uris, said)); got != (Cost{421580 + 700656, disk}) {
			t.Errorf("%s: got %v", said, got)
		}
	}
}

func TestCostAsksWithoutLocks(t *testing.T) {
	in := &Installer{Run: func(cmd *exec.Cmd) error {
		if line := strings.Join(cmd.Args, " "); !strings.HasPrefix(line, "apt-get --print-uris -o Debug::NoLocking=true ") || strings.Contains(line, "--assume-no") {
			t.Errorf("ran %q", line)
		}
		return nil
	}}
	if got, err := in.Cost(context.Background(), InstallOptions{}, []word.Target{change(t, "hello", "", "").Package}); err != nil || got != (Cost{}) {
		t.Errorf("got %v, %v", got, err)
	}
}

// What full-upgrade would bring is asked without a lock; what comes for another architecture is not this machine's.
func TestSimulateUpgrade(t *testing.T) {
	var ran []string
	in := &Installer{Run: func(*exec.Cmd) error { t.Error("a change of the system"); return nil }, Query: func(cmd *exec.Cmd) error {
		ran = cmd.Args
		_, err := fmt.Fprint(cmd.Stdout, simulation)
		return err
	}}
	got, err := in.SimulateUpgrade(t.Context())
	if err != nil || !got.Brings(change(t, "linux-base", "", "").Package.Name) || !got.Brings(change(t, "make", "", "").Package.Name) {
		t.Errorf("got %v, %v", got, err)
	}
	for _, name := range []string{"libc6", "old-tool"} {
		if got.Brings(change(t, name, "", "").Package.Name) {
			t.Errorf("%s comes", name)
		}
	}
	if line := strings.Join(ran, " "); !strings.HasPrefix(line, "apt-get --simulate -o Debug::NoLocking=true -q dist-upgrade") {
		t.Errorf("ran %s", line)
	}
}
