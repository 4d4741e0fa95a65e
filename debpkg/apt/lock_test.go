package apt

import (
	"bufio"
	"context"
	"errors"
	"io"
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

	"mago/debpkg/rooted"
	"mago/debpkg/word"
)

// holdLock takes the lock in another process, which holds it until it is released: one's own locks do not show.
func holdLock(t *testing.T, path string) (pid int, release func()) {
	t.Helper()
	needs(t, "perl")
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
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
	for _, name := range updateAndInstallLocks {
		in := &Installer{Root: rooted.Root(testRoot(t, ""))}
		if locked, err := in.locked(updateAndInstallLocks); locked != nil || err != nil {
			t.Errorf("without the files: %v, %v", locked, err)
		}
		want, _ := holdLock(t, filepath.Join(in.Root.String(), name))
		locked, err := in.locked(updateAndInstallLocks)
		if err != nil || locked == nil || locked.PID != want || locked.What != lockFiles[name] || !strings.HasPrefix(locked.Command, "perl -e") || locked.Above {
			t.Errorf("%s: %+v, %v, want %d", name, locked, err, want)
		}
	}
}

var updateAndInstallLocks = slices.Concat(updateLocks, installLocks)

func TestLockedNeedsTheRightToLook(t *testing.T) {
	root := t.TempDir()
	writeFile(t, filepath.Join(root, "var/lib/dpkg"), "a file where the directory belongs")
	if _, err := (&Installer{Root: rooted.Root(root)}).locked(dpkgLocks); err == nil || !strings.Contains(err.Error(), "look at the lock") {
		t.Errorf("err = %v", err)
	}
}

func TestInstallWaitsForDpkgsLock(t *testing.T) {
	s := newFakeSystem(t, nil)
	deb := s.deb(t, "one", "")
	holder, release := holdLock(t, filepath.Join(s.root, "var/lib/dpkg/lock-frontend"))
	var told []int
	in := &Installer{Root: rooted.Root(s.root), Run: s.run, Waiting: func(locked *LockedError) {
		if locked == nil {
			told = append(told, 0)
			return
		}
		told = append(told, locked.PID)
		release()
	}}
	if err := in.Install(context.Background(), deb); err != nil {
		t.Error(err)
	}
	if !slices.Equal(told, []int{holder, 0}) || !slices.Equal(s.ran, []string{"dpkg -i --force-confdef,confold -- /one_2.0-3+6.1.55-1_amd64.deb"}) {
		t.Errorf("waited for %v (%d holds the lock), ran %q", told, holder, s.ran)
	}
}

// TestInstallLooksAfterTheWait: whoever was waited for has changed what is installed.
func TestInstallLooksAfterTheWait(t *testing.T) {
	for _, test := range []struct {
		name, depends string
		meanwhile     string // the package that another has installed
		ran           []string
	}{
		{"what is needed has come", "more", "more", []string{dpkgInstalls + oneDeb}},
		{"the package itself has come", "", "one", []string{dpkgInstalls + oneDeb}},
		{"apt comes to be needed", "", "old", []string{aptSimulates + oneDeb}},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newFakeSystem(t, map[string]string{"more": "2"})
			s.fail = "dpkg"
			deb := s.deb(t, "one", test.depends)
			_, release := holdLock(t, filepath.Join(s.root, "var/lib/dpkg/lock-frontend"))
			in := &Installer{Root: rooted.Root(s.root), Run: s.run, Waiting: func(locked *LockedError) {
				if locked == nil {
					return
				}
				version := "1:2.0-3+6.1.55-1"
				if test.meanwhile == "old" {
					version += "\nBreaks: one"
				}
				if err := s.has(test.meanwhile, version); err != nil {
					t.Error(err)
				}
				release()
			}}
			if err := in.Install(context.Background(), deb); err == nil {
				t.Error("it is installed")
			}
			if !slices.Equal(s.ran, test.ran) {
				t.Errorf("ran %q, want %q", s.ran, test.ran)
			}
		})
	}
}

func TestInstallGivesUpOnDpkgsLock(t *testing.T) {
	s := newFakeSystem(t, nil)
	deb := s.deb(t, "one", "")
	holder, _ := holdLock(t, filepath.Join(s.root, "var/lib/dpkg/lock"))
	in := &Installer{Root: rooted.Root(s.root), Run: s.run, LockTimeout: time.Nanosecond}
	var locked *LockedError
	if err := in.Install(context.Background(), deb); !errors.As(err, &locked) || locked.PID != holder {
		t.Errorf("after the timeout: err = %v, want one of %d", err, holder)
	}
	ctx, cancel := context.WithCancel(context.Background())
	in = &Installer{Root: rooted.Root(s.root), Run: s.run, Waiting: func(*LockedError) { cancel() }}
	if err := in.Install(ctx, deb); !errors.Is(err, context.Canceled) {
		t.Errorf("canceled: err = %v", err)
	}
	if len(s.ran) > 0 {
		t.Errorf("ran %q", s.ran)
	}
	in = &Installer{Root: rooted.Root(s.root), Run: s.run, DryRun: true, LockTimeout: time.Nanosecond}
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
	in := &Installer{Root: rooted.Root(root), LockTimeout: time.Nanosecond}
	asNobody(t, func() {
		if err := in.exclusively(context.Background(), dpkgLocks, nil, func() error { return nil }); err != nil {
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
	for want, e := range map[string]LockedError{
		"dpkg is in use by process 42 (apt-get upgrade)":                    {What: "dpkg", PID: 42, Command: "apt-get upgrade"},
		"apt's lists are in use by another process":                         {What: "apt's lists", PID: -1},
		"dpkg is in use by process 42 (apt upgrade), which is running mago": {What: "dpkg", PID: 42, Command: "apt upgrade", Above: true},
	} {
		if got := e.Error(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

// A tool that was refused its locks is run again once they are free; nothing else that fails is.
func TestRefusal(t *testing.T) {
	for _, c := range []struct {
		tool   string
		code   int
		stderr string
		want   string // "" for no refusal
	}{
		{"apt-get", 100, "E: Could not get lock /var/lib/dpkg/lock-frontend. It is held by process 4194305 (dpkg)\nE: Unable to acquire", "dpkg is in use by process 4194305"},
		{"apt-get", 100, "E: Could not get lock /var/lib/apt/lists/lock. It is held by process 4194305 (apt-get)", "apt's lists are in use by process 4194305"},
		{"apt-get", 100, "E: Could not get lock /var/lib/dpkg/lock - open (11: Resource temporarily unavailable)", "dpkg is in use by another process"},
		{"dpkg", 2, "dpkg: error: dpkg frontend lock was locked by another process with pid 4194305\nNote: removing", "dpkg is in use by process 4194305"},
		{"dpkg", 2, "dpkg: error: dpkg database lock is locked by another process", "dpkg is in use by another process"},
		{"dpkg", 1, "E: Could not get lock /var/lib/dpkg/lock-frontend. It is held by process 7 (dpkg)\ndpkg: error processing package x", ""},
		{"apt-get", 100, "E: Could not get lock /var/lib/dpkg/lock.\nE: Sub-process /usr/bin/dpkg returned an error code (1)", ""},
		{"apt-get", 100, "E: Unable to locate package x", ""},
	} {
		got := ""
		if locked := refusal(&ToolError{Tool: c.tool, ExitCode: c.code, Stderr: c.stderr}); locked != nil {
			got = locked.Error()
		}
		if got != c.want {
			t.Errorf("%s: %q: got %q, want %q", c.tool, c.stderr, got, c.want)
		}
	}
}

func TestAptIsNotRunForWhatAnotherHasDone(t *testing.T) {
	s := newFakeSystem(t, map[string]string{"more": "2"})
	_, release := holdLock(t, filepath.Join(s.root, "var/cache/apt/archives/lock"))
	done := false
	more := []word.Target{{Name: word.Must(word.ParsePackage("more"))}}
	in := &Installer{Root: rooted.Root(s.root), Run: s.run, Waiting: func(locked *LockedError) {
		if locked != nil {
			release()
			done = true
		}
	}}
	if err := in.FromApt(t.Context(), InstallOptions{}, more, func() bool { return done }); err != nil || len(s.ran) > 0 {
		t.Errorf("ran %q, %v", s.ran, err)
	}
	if err := in.FromApt(t.Context(), InstallOptions{}, more, func() bool { return true }); err != nil || len(s.ran) != 2 {
		t.Errorf("without a wait: ran %q, %v", s.ran, err)
	}
}

func TestInstallIsTriedAgainWhereAnotherWasQuicker(t *testing.T) {
	s := newFakeSystem(t, nil)
	deb := s.deb(t, "one", "")
	runs := 0
	var told []string
	in := &Installer{Root: rooted.Root(s.root), Waiting: func(locked *LockedError) {
		if locked != nil {
			told = append(told, locked.Error())
		}
	}, Run: func(cmd *exec.Cmd) error {
		if runs++; runs > 1 {
			return nil
		}
		_, _ = io.WriteString(cmd.Stderr, "dpkg: error: dpkg frontend lock was locked by another process with pid 4194305\n")
		return exec.Command("sh", "-c", "exit 2").Run()
	}}
	if err := in.Install(t.Context(), deb); err != nil || runs != 2 || !slices.Equal(told, []string{"dpkg is in use by process 4194305"}) {
		t.Errorf("%d runs, told %q, %v", runs, told, err)
	}
}

// What an ancestor holds is not waited for: the ancestor waits for this process.
func TestAnAncestorsLock(t *testing.T) {
	root := testRoot(t, "")
	holder, _ := holdLock(t, filepath.Join(root, "var/lib/dpkg/lock"))
	if isAbove(holder) || !isAbove(os.Getppid()) || !isAbove(parentOf(os.Getppid())) {
		t.Error("a child counts as an ancestor, or ancestors do not")
	}
	q := &queue{in: &Installer{Root: rooted.Root(root)}}
	if err := q.pause(t.Context(), lockedBy("dpkg", os.Getppid()), time.Hour); err == nil {
		t.Error("waited for an ancestor")
	}
	if err := q.in.CheckCaller(); err != nil {
		t.Errorf("a lock of another process: %v", err)
	}
}

// TestAlone: meanwhile nobody else can take the lock of dpkg's frontends, and before that it is waited for.
func TestAlone(t *testing.T) {
	root := t.TempDir()
	path := filepath.Join(root, dpkgLocks[0])
	_, release := holdLock(t, path)
	begun := false
	do := func() error {
		begun = true
		if err := exec.Command("perl", "-e", `use Fcntl; open my $f, "+<", $ARGV[0] or exit 0; exit !fcntl($f, F_SETLK, pack("ssx4qqix4", F_WRLCK, 0, 0, 0, 0))`, path).Run(); err == nil {
			t.Error("another process has taken the lock")
		}
		return nil
	}
	in := &Installer{Root: rooted.Root(root), LockTimeout: time.Nanosecond}
	if err := in.Alone(t.Context(), do); !errors.As(err, new(*LockedError)) || begun {
		t.Errorf("%v, begun %v", err, begun)
	}
	release()
	if err := in.Alone(t.Context(), do); err != nil || !begun {
		t.Errorf("%v, begun %v", err, begun)
	}
	if pid, err := lockHolder(rooted.Root(root), dpkgLocks[0]); pid != 0 || err != nil {
		t.Errorf("held by %d, %v", pid, err)
	}
}
