package kbuild

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
	"unicode"

	"mago/cmd/lab/hostile"
	"mago/kbuild/deep"
	"mago/kbuild/kernel"
	"mago/kbuild/sandbox"
)

// TestHostile lets every attack in by the doors of a source, and wants none to get out of any kind of sandbox.
func TestHostile(t *testing.T) {
	t.Setenv("MAGO_HOSTILE_SECRET", "SECRET")
	t.Setenv("CREDENTIALS_DIRECTORY", "/run/credentials")
	for _, kind := range []sandbox.Kind{sandbox.Bubblewrap, sandbox.Namespaces, sandbox.User} {
		t.Run(string(kind), func(t *testing.T) {
			b := newBench(t).in(t, kind)
			if kind != sandbox.Bubblewrap && b.box.Landlock == 0 {
				t.Skip("this kernel has no Landlock")
			}
			for i, a := range hostile.Attacks {
				for _, door := range doorsOf(kind, a, i) {
					t.Run(a.Name+" by "+door, func(t *testing.T) { b.attack(t, a, door) })
				}
			}
		})
	}
}

// doorsOf are every second one in the usual sandbox, so that each door sees half of the attacks; "make soak" tries any. In other
// sandboxes, and for what takes its time, the doors take turns.
func doorsOf(kind sandbox.Kind, a hostile.Attack, turn int) (doors []string) {
	switch {
	case a.Module:
		return []string{"MAKE"}
	case kind == sandbox.Bubblewrap && a.Limit == "":
		for i := turn % 2; i < len(hostile.Doors); i += 2 {
			doors = append(doors, hostile.Doors[i])
		}
		return doors
	}
	return []string{hostile.Doors[turn%len(hostile.Doors)]}
}

func (b *bench) attack(t *testing.T, a hostile.Attack, door string) {
	if door == "debian/rules" && (!kernel.HasTool(b.root, "fakeroot") || !kernel.HasTool(b.root, "dh")) {
		t.Skip("no fakeroot or debhelper")
	}
	v := newVictim(t, b.box)
	source := filepath.Join(t.TempDir(), "hello-1.0")
	if err := hostile.Write(source, door, a, v); err != nil {
		t.Fatal(err)
	}
	b.log.Reset()
	builder := b.builder()
	builder.Sandbox.Limits = sandbox.Limits{Memory: 300 << 20, Processes: 300, Output: 20 << 20}
	builder.ConfTimeout = 5 * time.Second
	switch {
	case strings.HasPrefix(a.Limit, "time"):
		builder.Sandbox.Limits.Time = 3 * time.Second
	case a.Limit == "":
		builder.Sandbox.Limits.Time = 10 * time.Second // make's $(shell) waits for what holds its output
	}
	job := b.job(t, source)
	_, err := builder.Build(t.Context(), job)
	if err == nil {
		t.Error("nothing was built, and the build succeeded")
	}
	var limit *sandbox.LimitError
	if a.Limit != "" && (!errors.As(err, &limit) || !strings.Contains(a.Limit, limit.Name)) && door != "dkms.conf" {
		t.Errorf("it is to be ended by the limit %s: got %v", a.Limit, err)
	}
	if err != nil && strings.ContainsFunc(err.Error(), func(r rune) bool { return unicode.In(r, unicode.Cc, unicode.Cf) && r != '\n' }) {
		t.Errorf("the error commands the terminal: %q", err)
	}
	for _, escape := range v.Escapes(b.log.String(), job.Work) {
		t.Errorf("%s\nthe log:\n%.3000s", escape, b.log.String())
	}
	if err := deep.Remove(job.Work); err != nil {
		t.Errorf("what it leaves cannot be removed: %v", err)
	}
}

func newVictim(t *testing.T, box sandbox.Sandbox) *hostile.Victim {
	t.Helper()
	const signals = 6 // the version of Landlock that keeps them in
	uid, gid := box.UID, box.GID
	if box.Kind == sandbox.User && box.Landlock < signals {
		uid, gid = 0, 0
	}
	v, err := hostile.NewVictim("", uid, gid)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := v.Close(); err != nil {
			t.Error(err)
		}
	})
	return v
}

// TestAttacksAreReal runs them outside of any sandbox: what is not seen to work there proves nothing in one.
func TestAttacksAreReal(t *testing.T) {
	box := newBench(t).box
	t.Setenv("MAGO_HOSTILE_SECRET", "SECRET")
	t.Setenv("CREDENTIALS_DIRECTORY", "/run/credentials")
	for _, a := range hostile.Attacks {
		if !a.Real {
			continue
		}
		t.Run(a.Name, func(t *testing.T) {
			v := newVictim(t, box)
			cmd := exec.Command("bash", "-c", hostile.Script(a, v))
			cmd.ExtraFiles = []*os.File{openedSecret(t)}
			cmd.Dir, cmd.WaitDelay = t.TempDir(), time.Second // some leave a process behind that holds the output
			if box.Drop {
				cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: box.UID, Gid: box.GID, Groups: []uint32{}}}
				dir, err := os.MkdirTemp("/var/tmp", "mago-test-")
				if err := errors.Join(err, os.Chown(dir, int(box.UID), int(box.GID))); err != nil {
					t.Fatal(err)
				}
				defer os.RemoveAll(dir)
				cmd.Dir = dir
			}
			out, _ := cmd.CombinedOutput()
			escapes := v.Escapes(string(out), cmd.Dir)
			escapes = slices.DeleteFunc(escapes, func(e string) bool { return a.Name == "outputs" && !strings.Contains(e, "was left") })
			if len(escapes) == 0 {
				t.Errorf("it does nothing:\n%s", out)
			}
		})
	}
}

// openedSecret is a file for a descriptor that a program is not to have.
func openedSecret(t *testing.T) *os.File {
	t.Helper()
	path := filepath.Join(t.TempDir(), "passphrase")
	if err := os.WriteFile(path, []byte("SECRET"), 0o600); err != nil {
		t.Fatal(err)
	}
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { file.Close() })
	return file
}

// TestClosesItself: a build that takes its own directory away is to blame itself for what cannot be started there.
func TestClosesItself(t *testing.T) {
	for _, kind := range []sandbox.Kind{sandbox.Bubblewrap, sandbox.Namespaces, sandbox.User} {
		for _, command := range []string{"chmod 0 .", "rm -rf \"$PWD\"", "chmod 0 ../../.."} {
			t.Run(string(kind)+" "+command, func(t *testing.T) {
				b := newBench(t).in(t, kind)
				source := with(t, tree{"dkms.conf": named + "PRE_BUILD=trap\n", "trap+": "#!/bin/bash\n" + command + "\n"})
				_, err := b.build(t, source)
				wantRecipeError(t, err, "source: an earlier step has removed or closed the directory")
			})
		}
	}
}

// TestSandboxBreaks: a sandbox that cannot start a program is this machine's failure, at whatever step.
func TestSandboxBreaks(t *testing.T) {
	for program, source := range map[string]tree{
		"ls":   {"Makefile": "$(error no)\n"}, // which looks for why a build failed
		"bash": nil, "strip": nil,
	} {
		b := newBench(t)
		builder := b.builder()
		builder.Run = func(cmd *exec.Cmd) error {
			if _, args, _, ok := sandbox.Wrapped(cmd); ok && slices.Contains(args, program) {
				cmd.Args[1] = strings.ReplaceAll(cmd.Args[1], `"`+program+`"`, `"/nonexistent"`)
			}
			return cmd.Run()
		}
		_, err := builder.Build(t.Context(), b.job(t, with(t, source)))
		var broken *sandbox.BrokenError
		if !errors.As(err, &broken) || !strings.Contains(err.Error(), "/nonexistent") {
			t.Errorf("%s: got %v", program, err)
		}
	}
}
