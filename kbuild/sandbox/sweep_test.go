package sandbox

import (
	"context"
	"errors"
	"io"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// comets is a program that leaves chains of processes which start another and end at once, and holds a pipe by them.
const comets = `perl -MPOSIX -e '$SIG{$_} = "IGNORE" for keys %SIG; open F, ">fifo"; for (1 .. 60) { next if fork; setsid; while (1) { _exit(0) if fork } }'`

// TestComets: they are gone when the program has ended, by itself or because it was told to.
func TestComets(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes all processors for seconds")
	}
	for how, more := range map[string]string{"left behind": "", "told to end": "; echo begun >&3; sleep infinity"} {
		t.Run(how, func(t *testing.T) {
			everyKind(t, func(t *testing.T, r Sandbox) {
				r.Limits.Processes = 1000
				work := workdir(t, r)
				if err := errors.Join(unix.Mkfifo(filepath.Join(work, "fifo"), 0o600), r.Own(work)); err != nil {
					t.Fatal(err)
				}
				fifo, ours := openFIFO(t, filepath.Join(work, "fifo"))
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				if more != "" {
					go func() {
						_, _ = fifo.Read(make([]byte, 6))
						cancel()
					}()
				}
				spec := Spec{Work: work, Args: []string{"bash", "-c", "exec 3>fifo; " + comets + more}}
				if err := r.Run(ctx, spec, nil); err != nil && more == "" && !errors.As(err, new(*LimitError)) {
					t.Errorf("got %v", err)
				}
				ours.Close()
				if err := fifo.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
					t.Fatal(err)
				}
				if _, err := fifo.Read(make([]byte, 6)); !errors.Is(err, io.EOF) {
					t.Errorf("some of them live on: %v", err)
				}
			})
		})
	}
}

// TestKillChildrenAlone: a number that is not a child's is none to kill.
func TestKillChildrenAlone(t *testing.T) {
	child := exec.Command("sleep", "infinity")
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	if kill(unix.Getppid()) {
		t.Error("a parent is no child")
	}
	if !kill(child.Process.Pid) {
		t.Error("a child was not alive")
	}
	if err := child.Wait(); err == nil {
		t.Error("it was not killed")
	}
}
