package debpkg

import (
	"bufio"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// holdLock takes the lock in another process, which holds it until it is released: one's own locks do not show.
func holdLock(t *testing.T, path string) (pid int, release func()) {
	t.Helper()
	needs(t, "perl")
	cmd := exec.Command("perl", "-e", `
		use Fcntl; $| = 1;
		open my $f, "+>", $ARGV[0] or die;
		my $whole = pack("ssx4qqix4", F_WRLCK, 0, 0, 0, 0);
		fcntl($f, F_SETLK, $whole) or die;
		print "held\n"; <STDIN>`, path)
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	release = sync.OnceFunc(func() { in.Close(); _ = cmd.Wait() })
	t.Cleanup(release)
	if line, err := bufio.NewReader(out).ReadString('\n'); line != "held\n" {
		t.Fatalf("%q, %v", line, err)
	}
	return cmd.Process.Pid, release
}

func TestLocked(t *testing.T) {
	for _, name := range []string{"lock", "lock-frontend"} {
		root := testRoot(t, "")
		if pid, err := Locked(root); pid != 0 || err != nil {
			t.Errorf("without the files: %d, %v", pid, err)
		}
		want, _ := holdLock(t, filepath.Join(root, "var/lib/dpkg", name))
		if pid, err := Locked(root); pid != want || err != nil {
			t.Errorf("%s: %d, %v, want %d", name, pid, err, want)
		}
	}
}

func TestLockedNeedsTheRightToLook(t *testing.T) {
	root := t.TempDir()
	writeFile(t, filepath.Join(root, "var/lib/dpkg"), "a file where the directory belongs")
	if _, err := Locked(root); err == nil || !strings.Contains(err.Error(), "look at dpkg's lock") {
		t.Errorf("err = %v", err)
	}
}

func TestInstallWaitsForDpkgsLock(t *testing.T) {
	s := newFakeSystem(t, nil)
	deb := s.deb(t, "one", "")
	holder, release := holdLock(t, filepath.Join(s.root, "var/lib/dpkg/lock-frontend"))
	var told []int
	in := &Installer{Root: s.root, Run: s.run, Waiting: func(pid int) { told = append(told, pid); release() }}
	if err := in.Install(context.Background(), deb); err != nil {
		t.Error(err)
	}
	if !slices.Equal(told, []int{holder}) || !slices.Equal(s.ran, []string{"dpkg -i /one_2.0-3+6.1.55-1_amd64.deb"}) {
		t.Errorf("waited for %v (%d holds the lock), ran %q", told, holder, s.ran)
	}
}

func TestInstallGivesUpOnDpkgsLock(t *testing.T) {
	s := newFakeSystem(t, nil)
	deb := s.deb(t, "one", "")
	holder, _ := holdLock(t, filepath.Join(s.root, "var/lib/dpkg/lock"))
	in := &Installer{Root: s.root, Run: s.run, LockTimeout: time.Nanosecond}
	var locked *LockedError
	if err := in.Install(context.Background(), deb); !errors.As(err, &locked) || locked.PID != holder {
		t.Errorf("after the timeout: err = %v, want one of %d", err, holder)
	}
	ctx, cancel := context.WithCancel(context.Background())
	in = &Installer{Root: s.root, Run: s.run, Waiting: func(int) { cancel() }}
	if err := in.Install(ctx, deb); !errors.Is(err, context.Canceled) {
		t.Errorf("canceled: err = %v", err)
	}
	if len(s.ran) > 0 {
		t.Errorf("ran %q", s.ran)
	}
	in = &Installer{Root: s.root, Run: s.run, DryRun: true, LockTimeout: time.Nanosecond}
	if err := in.Install(context.Background(), deb); err != nil {
		t.Errorf("dry run: err = %v", err)
	}
}

func TestLockThatMayNotBeReadIsLeftToDpkg(t *testing.T) {
	root := testRoot(t, "")
	path := filepath.Join(root, "var/lib/dpkg/lock")
	holdLock(t, path)
	if err := os.Chmod(path, 0); err != nil {
		t.Fatal(err)
	}
	in := &Installer{Root: root, LockTimeout: time.Nanosecond}
	asNobody(t, func() {
		if err := in.awaitLock(context.Background()); err != nil {
			t.Error(err)
		}
	})
}

// asNobody calls f in a thread that has lost root's right to read all files, and that ends with f.
func asNobody(t *testing.T, f func()) {
	t.Helper()
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread()
		if os.Getuid() == 0 {
			if err := unix.Setfsuid(65534); err != nil {
				t.Error(err)
			}
		}
		f()
	}()
	<-done
}

func TestLockedError(t *testing.T) {
	for pid, want := range map[int]string{42: "dpkg is in use by process 42", -1: "dpkg is in use by another process"} {
		if got := (&LockedError{PID: pid}).Error(); got != want {
			t.Errorf("%d: %s", pid, got)
		}
	}
}
