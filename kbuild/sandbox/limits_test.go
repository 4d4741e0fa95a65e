package sandbox

import (
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func TestSetLimits(t *testing.T) {
	for word, want := range map[string]string{
		"time=4h": "4h", "time=90m": "1h30m", "time=1h30m5s": "1h30m5s", "memory=8G": "8G", "memory=1536M": "1536M", "memory=1025": "1025", "output=1T": "1T",
		"processes=100":       "100",
		"time=4":              `limit time=4: "4" is neither a time such as 4h or 90m nor "none"`,
		"time=-1h":            `limit time=-1h: "-1h" is neither a time such as 4h or 90m nor "none"`,
		"memory=":             `limit memory=: "" is neither a number of bytes such as 512M or 8G nor "none"`,
		"memory=0":            `limit memory=0: "0" is neither a number of bytes such as 512M or 8G nor "none"`,
		"memory=8g":           `limit memory=8g: "8g" is neither a number of bytes such as 512M or 8G nor "none"`,
		"output=99999999999T": `limit output=99999999999T: "99999999999T" is neither a number of bytes such as 512M or 8G nor "none"`,
		"processes=8K":        `limit processes=8K: "8K" is neither a number above 0 nor "none"`,
		"disk=8G":             `"disk=8G" is not a limit; limits are time=VALUE, memory=VALUE, processes=VALUE, output=VALUE`,
		"memory":              `"memory" is not a limit; limits are time=VALUE, memory=VALUE, processes=VALUE, output=VALUE`,
	} {
		var l Limits
		name, _, _ := strings.Cut(word, "=")
		got := ""
		if err := l.Set(word); err != nil {
			got = err.Error()
		} else {
			got = l.Value(name)
		}
		if got != want {
			t.Errorf("%s: got %s, want %s", word, got, want)
		}
	}
}

func TestLiftLimits(t *testing.T) {
	l := DefaultLimits("/")
	for builds, want := range map[int]int64{1: l.Memory, 2: max(l.Memory/2, gigabyte), 10_000: gigabyte} {
		if got := l.Among(builds); got.Memory != want || got.Among(builds) != got {
			t.Errorf("among %d builds each has %d, want %d", builds, got.Memory, want)
		}
	}
	given := l
	if err := given.Set("memory=3G"); err != nil || given.Among(4).Memory != 3<<30 || (Limits{}).Among(4).Memory != 0 {
		t.Errorf("a limit that the user gives is each build's: %d, %v", given.Among(4).Memory, err)
	}
	if l.Time == 0 || l.Memory < 1<<30 || l.Processes == 0 || l.Output == 0 {
		t.Errorf("by default %+v", l)
	}
	for _, name := range LimitNames {
		if err := l.Set(name + "=none"); err != nil {
			t.Error(err)
		}
	}
	if l != (Limits{}) {
		t.Errorf("left %+v", l)
	}
}

// TestLimits has programs that go on for ever unless they are ended. In short tests one sandbox sees them all, the others one for each limit.
func TestLimits(t *testing.T) {
	for name, program := range map[string]string{
		"memory":         "x=x; while :; do x=$x$x; done",
		"memory, thread": `perl -Mthreads -e 'threads->create(sub { my @x; push @x, "x" x (1 << 20) while 1 }); syscall(EXIT, 0)'`,
		"processes":      "for i in {1..500}; do sleep infinity & done; wait",
		"output":         "yes > file; sleep infinity",
		"output, names":  `perl -e 'open F, ">file"; link "file", $_ or die for 1 .. 14000; sleep 600'`,
		"output, many":   "for i in {1..100}; do head -c 1000000 /dev/zero > $i; done; sleep infinity",
	} {
		everyKind(t, func(t *testing.T, r Sandbox) {
			name, _, another := strings.Cut(name, ",")
			if testing.Short() && another && r.Kind != Bubblewrap {
				t.Skip("another kind of sandbox has ended it")
			}
			r.Limits = Limits{Memory: 200 << 20, Processes: 100, Output: 50 << 20}
			program := strings.ReplaceAll(program, "EXIT", strconv.Itoa(unix.SYS_EXIT)) // of one thread
			out, err := sh(t, r, Spec{Work: workdir(t, r)}, program)
			var limit *LimitError
			if !errors.As(err, &limit) || limit.Name != name || limit.Value != r.Limits.Value(name) {
				t.Errorf("%s: got %v: %.300s", name, err, out)
			}
		})
	}
}

// TestLimitBeforeALook: what failed after it has held far more than the limit failed of that, though nobody had looked.
func TestLimitBeforeALook(t *testing.T) {
	failed := exec.Command("perl", "-e", `$x = "x" x (600 << 20); exit 1`)
	if err := failed.Run(); failed.ProcessState.ExitCode() != 1 {
		t.Fatal(err)
	}
	status := failed.ProcessState.Sys().(syscall.WaitStatus)
	const far = 1 << 40
	for want, o := range map[verdict]order{"memory": {Limits: Limits{Memory: 1 << 20}}, "": {Limits: Limits{Memory: far}}} {
		if got := (&watch{order: o}).last(status); got != want {
			t.Errorf("%d bytes are the limit: got %q, want %q", o.Limits.Memory, got, want)
		}
	}
	held := &watch{order: order{Limits: Limits{Memory: 1 << 20}, Held: Held{Memory: true}}}
	if got := held.last(status); got != "" {
		t.Errorf("a control group tells, and the watch gives %q", got)
	}
	if got := (&watch{order: order{Limits: Limits{Memory: 1 << 20}}}).last(0); got != "" {
		t.Errorf("what succeeded gives %q", got)
	}
}

// TestMeasureAside: memory is watched while a directory takes its time to be measured.
func TestMeasureAside(t *testing.T) {
	child := exec.Command("sleep", "infinity")
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = errors.Join(child.Process.Kill(), child.Wait()) }()
	w := newWatch(order{Watched: t.TempDir(), Limits: Limits{Output: 1 << 20, Memory: 1}}, nil)
	w.size = make(chan measured)
	if why := w.look(); why != "memory" {
		t.Errorf("got %q", why)
	}
}

// smallDisk is a writable directory of a sandbox's on a file system of its own.
func smallDisk(t *testing.T, r Sandbox, options string) (work string) {
	t.Helper()
	if !r.Drop {
		t.Skip("only root can mount a small disk")
	}
	work = workdir(t, r)
	if err := unix.Mount("tmpfs", work, "tmpfs", 0, "mode=777,"+options); err != nil {
		t.Skipf("no disk to fill: %v", err)
	}
	t.Cleanup(func() { _ = unix.Unmount(work, unix.MNT_DETACH) })
	return work
}

// TestStarve: a program that fails where nothing is free any more, of bytes or of names, failed of that.
func TestStarve(t *testing.T) {
	r := newSandbox(t, Bubblewrap)
	for options, script := range map[string]string{
		"size=500k":              "exit 1",
		"size=100M,nr_inodes=20": "while : > $((i += 1)); do :; done; exit 1",
	} {
		_, err := sh(t, r, Spec{Work: smallDisk(t, r, options)}, script)
		if !errors.Is(err, syscall.ENOSPC) {
			t.Errorf("%s: got %v", options, err)
		}
	}
	if _, err := sh(t, r, Spec{Work: smallDisk(t, r, "size=100M")}, "exit 1"); err == nil || errors.Is(err, syscall.ENOSPC) {
		t.Errorf("with room left: got %v", err)
	}
}

// TestFillTheDisk: there is no limit, and still some of the disk is left.
func TestFillTheDisk(t *testing.T) {
	r := newSandbox(t, Bubblewrap)
	work := smallDisk(t, r, "size=100M")
	_, err := sh(t, r, Spec{Work: work}, "head -c 97M /dev/zero > file; sleep infinity")
	if !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("got %v", err)
	}
	if out, err := exec.Command("dd", "if=/dev/zero", "of="+filepath.Join(work, "more"), "bs=1M", "count=2").CombinedOutput(); err != nil {
		t.Errorf("nothing was left: %v: %s", err, out)
	}
}

// TestFewDescriptors: more processes than the warden may have descriptors are left behind, and ended.
func TestFewDescriptors(t *testing.T) {
	everyKind(t, func(t *testing.T, r Sandbox) {
		work := workdir(t, r)
		if err := errors.Join(unix.Mkfifo(filepath.Join(work, "fifo"), 0o600), r.Own(work)); err != nil {
			t.Fatal(err)
		}
		ended := readToEnd(t, filepath.Join(work, "fifo"))
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		spec := Spec{Work: work, Args: []string{"bash", "-c", "exec 3>fifo; for i in {1..150}; do sleep infinity & done; exit 0"}}
		err := r.Run(ctx, spec, func(cmd *exec.Cmd) error {
			if err := cmd.Start(); err != nil {
				return err
			}
			few := unix.Rlimit{Cur: 100, Max: 100}
			return errors.Join(unix.Prlimit(cmd.Process.Pid, unix.RLIMIT_NOFILE, &few, nil), cmd.Wait())
		})
		if err != nil {
			t.Errorf("got %v", err)
		}
		select {
		case <-ended:
		case <-ctx.Done():
			t.Error("some of them live on")
		}
	})
}

// TestForkBomb: it is gone before the warden tells of it.
func TestForkBomb(t *testing.T) {
	everyKind(t, func(t *testing.T, r Sandbox) {
		r.Limits.Processes = 200
		work := workdir(t, r)
		if err := errors.Join(unix.Mkfifo(filepath.Join(work, "fifo"), 0o600), r.Own(work)); err != nil {
			t.Fatal(err)
		}
		ended := readToEnd(t, filepath.Join(work, "fifo"))
		_, err := sh(t, r, Spec{Work: work}, "exec 3>fifo; bomb() { setsid bash -c 'sleep infinity & wait' & bomb & bomb; }; bomb")
		var limit *LimitError
		if !errors.As(err, &limit) || limit.Name != "processes" {
			t.Errorf("got %v", err)
		}
		select {
		case <-ended:
		case <-time.After(time.Minute):
			t.Error("some of it lives on")
		}
	})
}

// TestWardensParent: the program ends when the process that started its warden has been killed.
func TestWardensParent(t *testing.T) {
	everyKind(t, func(t *testing.T, r Sandbox) {
		work := workdir(t, r)
		if err := errors.Join(unix.Mkfifo(filepath.Join(work, "fifo"), 0o600), r.Own(work)); err != nil {
			t.Fatal(err)
		}
		o, err := r.order(Spec{Work: work, Args: []string{"bash", "-c", "exec 3>fifo; setsid bash -c 'trap \"\" TERM HUP; echo begun >&3; sleep infinity' & wait"}})
		if err != nil {
			t.Fatal(err)
		}
		parent := exec.Command("/proc/self/exe")
		args, err := o.command(wardenName)
		if err != nil {
			t.Fatal(err)
		}
		parent.Args = []string{parentName, args[1]}
		fifo, ours := openFIFO(t, filepath.Join(work, "fifo"))
		if err := parent.Start(); err != nil {
			t.Fatal(err)
		}
		begun := make([]byte, 6)
		if _, err := fifo.Read(begun); err != nil {
			t.Fatal(err)
		}
		if err := parent.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = parent.Wait()
		ours.Close()
		if err := fifo.SetReadDeadline(time.Now().Add(time.Minute)); err != nil {
			t.Fatal(err)
		}
		if n, err := fifo.Read(begun); n != 0 || !errors.Is(err, io.EOF) {
			t.Errorf("it goes on: %q, %v", begun[:n], err)
		}
	})
}

// openFIFO opens both ends: as long as ours is open, the pipe does not end when programs come and go.
func openFIFO(t *testing.T, path string) (fifo, ours *os.File) {
	t.Helper()
	fifo, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	if ours, err = os.OpenFile(path, os.O_WRONLY, 0); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = errors.Join(fifo.Close(), ours.Close()) })
	return fifo, ours
}
