package sandbox

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

const nobody = 65534

// sandbox is one of a kind on the running system. Only where the system cannot give it the test is skipped: a sandbox that is
// furnished wrongly does not work either.
func newSandbox(t *testing.T, kind Kind) Sandbox {
	t.Helper()
	r := Sandbox{Kind: kind, Mounts: kind == Namespaces, UserName: "tester", Landlock: landlockVersion()}
	if os.Geteuid() == 0 {
		r.UID, r.GID, r.Drop = nobody, nobody, true
	}
	switch err := r.probe(t.Context(), testTrial(t, r), (*exec.Cmd).Run); {
	case err == nil:
		return r
	case strings.HasPrefix(err.Error(), "not installed"), strings.HasPrefix(err.Error(), "refused"):
		t.Skipf("%s %v", kind, err)
	default:
		t.Fatalf("%s %v", kind, err)
	}
	return Sandbox{}
}

func everyKind(t *testing.T, test func(t *testing.T, r Sandbox)) {
	for _, kind := range []Kind{Bubblewrap, Namespaces, User} {
		t.Run(string(kind), func(t *testing.T) { test(t, newSandbox(t, kind)) })
	}
}

// closedKinds are those that take the network and other processes away.
func closedKinds(t *testing.T, test func(t *testing.T, r Sandbox)) {
	for _, kind := range []Kind{Bubblewrap, Namespaces} {
		t.Run(string(kind), func(t *testing.T) { test(t, newSandbox(t, kind)) })
	}
}

// workdir is a directory that the sandbox's user owns and can reach.
func workdir(t *testing.T, r Sandbox) string {
	t.Helper()
	dir, err := os.MkdirTemp("/var/tmp", "mago-test-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := errors.Join(os.Chmod(dir, 0o755), r.Own(dir)); err != nil {
		t.Fatal(err)
	}
	return dir
}

// testTrial is a directory to try a sandbox out in.
func testTrial(t *testing.T, r Sandbox) trial {
	t.Helper()
	try, err := newTrial(workdir(t, Sandbox{}), r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(try.remove)
	return try
}

// sh runs a shell program in a sandbox.
func sh(t *testing.T, r Sandbox, spec Spec, program string) (string, error) {
	t.Helper()
	var out bytes.Buffer
	spec.Args = []string{"bash", "-c", program}
	spec.Stdout, spec.Stderr = &out, &out
	err := r.Run(t.Context(), spec, nil)
	return out.String(), err
}

// prepare is a command that the test starts itself.
func prepare(t *testing.T, ctx context.Context, r Sandbox, s Spec) *exec.Cmd {
	t.Helper()
	cmd, verdict, err := r.command(ctx, s)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { verdict.Close() })
	return cmd
}

func mustSh(t *testing.T, r Sandbox, spec Spec, program string) string {
	t.Helper()
	out, err := sh(t, r, spec, program)
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return out
}

func TestEnvironment(t *testing.T) {
	for _, name := range []string{"MAKEFLAGS", "CFLAGS", "SECRET", "BASH_ENV", "LD_PRELOAD"} {
		t.Setenv(name, "-leaked")
	}
	everyKind(t, func(t *testing.T, r Sandbox) {
		for work, dir := range map[string]string{"": "/", workdir(t, r): "/sub"} {
			if work != "" {
				dir = r.Path(work) + dir
				if err := errors.Join(os.Mkdir(filepath.Join(work, "sub"), 0o755), r.Own(work)); err != nil {
					t.Fatal(err)
				}
			}
			var out bytes.Buffer
			spec := Spec{Args: []string{"env"}, Env: []string{"ARCH=x86"}, Work: work, Dir: "sub", Stdout: &out}
			if err := r.Run(t.Context(), spec, nil); err != nil {
				t.Fatal(err)
			}
			got := slices.Sorted(strings.Lines(out.String()))
			want := []string{
				"ARCH=x86\n", "HOME=/nonexistent\n", "LC_ALL=C.UTF-8\n", "LOGNAME=tester\n", "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\n",
				"PWD=" + dir + "\n", "SHELL=/bin/bash\n", "TMPDIR=" + r.Temp(work) + "\n", "TZ=UTC\n", "USER=tester\n",
			}
			if !slices.Equal(got, want) {
				t.Errorf("got\n%swant\n%s", got, want)
			}
		}
	})
}

func TestStandsInWork(t *testing.T) {
	everyKind(t, func(t *testing.T, r Sandbox) {
		work := workdir(t, r)
		if err := errors.Join(os.Mkdir(filepath.Join(work, "sub"), 0o755), r.Own(work)); err != nil {
			t.Fatal(err)
		}
		out := mustSh(t, r, Spec{Work: work, Dir: "sub"}, "pwd; id -u; echo made > file")
		uid := os.Getuid()
		if r.Drop {
			uid = nobody
		}
		if want := fmt.Sprintf("%s/sub\n%d\n", r.Path(work), uid); out != want {
			t.Errorf("got %q, want %q", out, want)
		}
		if made, err := os.ReadFile(filepath.Join(work, "sub/file")); string(made) != "made\n" {
			t.Errorf("it wrote %q, %v", made, err)
		}
	})
}

func TestReadsNothing(t *testing.T) {
	everyKind(t, func(t *testing.T, r Sandbox) {
		if out := mustSh(t, r, Spec{}, "readlink /proc/self/fd/0; cat"); out != "/dev/null\n" {
			t.Errorf("stdin is %q", out)
		}
	})
}

func TestReadsStdin(t *testing.T) {
	everyKind(t, func(t *testing.T, r Sandbox) {
		if out := mustSh(t, r, Spec{Stdin: strings.NewReader("given")}, "cat"); out != "given" {
			t.Errorf("got %q", out)
		}
	})
}

// TestInheritedDescriptors opens a file as one that mago inherited would be: without close-on-exec.
func TestInheritedDescriptors(t *testing.T) {
	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, []byte("secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	everyKind(t, func(t *testing.T, r Sandbox) {
		fd, err := unix.Open(secret, unix.O_RDONLY, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer unix.Close(fd)
		out, err := sh(t, r, Spec{}, fmt.Sprintf("cat <&%d", fd))
		if err == nil || strings.Contains(out, "secret") {
			t.Errorf("it read %q", out)
		}
	})
}

// TestNoTerminal: who leads a session of its own has not inherited a terminal.
func TestNoTerminal(t *testing.T) {
	everyKind(t, func(t *testing.T, r Sandbox) {
		cmd := prepare(t, t.Context(), r, Spec{Args: []string{"cat"}})
		stdin, err := cmd.StdinPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		if session, err := unix.Getsid(cmd.Process.Pid); session != cmd.Process.Pid {
			t.Errorf("process %d is in session %d, %v", cmd.Process.Pid, session, err)
		}
		if err := errors.Join(stdin.Close(), cmd.Wait()); err != nil {
			t.Error(err)
		}
	})
}

func TestNoNewPrivileges(t *testing.T) {
	if os.Geteuid() == 0 {
		const adm = 4
		before, err := syscall.Getgroups()
		if err := errors.Join(err, syscall.Setgroups([]int{adm})); err != nil {
			t.Fatal(err)
		}
		defer syscall.Setgroups(before)
	}
	everyKind(t, func(t *testing.T, r Sandbox) {
		out := mustSh(t, r, Spec{}, "grep -E '^(NoNewPrivs|CapEff|CapPrm|CapAmb|Groups)' /proc/self/status")
		for line := range strings.Lines(out) {
			name, value, _ := strings.Cut(line, ":")
			want := map[string]string{"NoNewPrivs": "1"}[name]
			if want == "" {
				want = "0000000000000000"
			}
			if value = strings.TrimSpace(value); value != want && !(name == "Groups" && (value == "" || !r.Drop)) {
				t.Errorf("%s is %s", name, value)
			}
		}
	})
}

func TestNoNetwork(t *testing.T) {
	listener, port := listen(t)
	defer listener.Close()
	connect := fmt.Sprintf("exec 3<>/dev/tcp/127.0.0.1/%d", port)
	if out, err := exec.Command("bash", "-c", connect).CombinedOutput(); err != nil {
		t.Fatalf("the test proves nothing: %v: %s", err, out)
	}
	everyKind(t, func(t *testing.T, r Sandbox) {
		out, err := sh(t, r, Spec{}, connect)
		if err == nil {
			t.Error("it reached a socket of the host")
		}
		if !regexp.MustCompile("Network is unreachable|Connection refused|Permission denied").MatchString(out) {
			t.Errorf("it failed for another reason: %s", out)
		}
	})
	closedKinds(t, func(t *testing.T, r Sandbox) {
		if out := mustSh(t, r, Spec{}, "tail -n +3 /proc/net/dev | cut -d: -f1"); strings.TrimSpace(out) != "lo" {
			t.Errorf("it sees the interfaces %q", out)
		}
	})
}

func TestFileSystem(t *testing.T) {
	r := newSandbox(t, Bubblewrap)
	work := workdir(t, r)
	for program, want := range map[string]string{
		"ls -A /root":                   "No such file or directory",
		"ls -A /home":                   "No such file or directory",
		"ls -A /run":                    "No such file or directory",
		"ls -A /var/tmp":                "No such file or directory",
		"touch /etc/mago-test":          "Read-only file system",
		"touch /usr/mago-test":          "Read-only file system",
		"touch /var/lib/dpkg/mago-test": "Read-only file system",
		"cat /etc/shadow":               "Permission denied",
		"mount -t tmpfs none /tmp":      "mount",
		"mkdir /sys":                    "Read-only file system",
		"touch /dev/file":               "Read-only file system",
		"unshare --user true":           "unshare",
	} {
		if out, err := sh(t, r, Spec{Work: work}, program); err == nil || !strings.Contains(out, want) {
			t.Errorf("%s: got %v: %s", program, err, out)
		}
	}
	out := mustSh(t, r, Spec{Work: work}, "ls -A /tmp; ls /var/lib; touch /tmp/own /dev/shm/own "+WorkDir+"/own; echo x >/dev/null")
	if out != "dkms\ndpkg\n" {
		t.Errorf("it sees %q", out)
	}
}

// TestByRoot: where users may make no namespaces, bubblewrap is root's to set up, and not a bit more open.
func TestByRoot(t *testing.T) {
	r := newSandbox(t, Bubblewrap)
	if !r.Drop {
		t.Skip("mago is not root")
	}
	r.ByRoot = true
	work := workdir(t, r)
	out := mustSh(t, r, Spec{Work: work}, "id -u; id -G; touch own /tmp/own /dev/shm/own; grep -E '^(NoNewPrivs|Cap(Eff|Prm|Inh|Amb))' /proc/self/status | cut -f2 | sort -u; cat /proc/self/uid_map")
	if want := "65534\n65534\n0000000000000000\n1\n         0          0 4294967295\n"; out != want {
		t.Errorf("got %q, want %q", out, want)
	}
	for _, program := range []string{"ls /root", "touch /etc/mago-test", "touch /file", "unshare --user true", "unshare --mount true", "kill -9 1", "chmod u+s own"} {
		if out, err := sh(t, r, Spec{Work: work}, program); err == nil {
			t.Errorf("%s: %s", program, out)
		}
	}
	if err := os.WriteFile(filepath.Join(work, "setpriv"), []byte("#!/bin/sh\nid -u\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	if out := mustSh(t, r, Spec{Work: work, Env: []string{"PATH=" + WorkDir + ":/usr/bin:/bin"}}, "echo $UID"); out != "65534\n" {
		t.Errorf("a setpriv of the build's own ran as user %s", out)
	}
}

// TestLandlock: without bubblewrap the kernel keeps a program from the same places.
func TestLandlock(t *testing.T) {
	if landlockVersion() == 0 {
		t.Skip("this kernel has no Landlock")
	}
	shared, err := os.MkdirTemp("/var/tmp", "mago-test-")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(shared)
	if err := errors.Join(os.Chmod(shared, 0o777), os.WriteFile(shared+"/file", []byte("secret"), 0o666)); err != nil {
		t.Fatal(err)
	}
	for _, kind := range []Kind{Namespaces, User} {
		t.Run(string(kind), func(t *testing.T) {
			r := newSandbox(t, kind)
			work := workdir(t, r)
			for _, program := range []string{
				"cat " + shared + "/file", "echo x > " + shared + "/file", "ls " + shared, "touch " + shared + "/new",
				"ls /run", "ls /home", "ls /var/log", "ls /sys", "cat /dev/tty", "mv " + shared + "/file .", "truncate -s 0 " + shared + "/file",
			} {
				if out, err := sh(t, r, Spec{Work: work}, program); err == nil || !strings.Contains(out, "ermission denied") && !strings.Contains(out, "cross-device") {
					t.Errorf("%s: got %v: %s", program, err, out)
				}
			}
			out, err := sh(t, r, Spec{Work: work}, "ls -A /tmp /dev/shm && touch /tmp/mago-test")
			if _, leaked := os.Stat("/tmp/mago-test"); leaked == nil || (err == nil) != r.Shows() || r.Shows() && out != "/dev/shm:\n\n/tmp:\n" {
				t.Errorf("in /tmp: got %v: %s", err, out)
			}
			if text, _ := os.ReadFile(shared + "/file"); string(text) != "secret" {
				t.Errorf("the file holds %q", text)
			}
			mustSh(t, r, Spec{Work: work}, `mkdir a b && echo x > a/x && mv a/x b/y && ln b/y a/z && echo x > "$(mktemp)" && cat /etc/passwd /proc/self/stat > /dev/null && test "$TMPDIR" = `+r.Temp(work))
		})
	}
}

// TestSystemCalls tries what a compiler never needs, first where it works. perl(1) calls them by their numbers.
func TestSystemCalls(t *testing.T) {
	if auditArch == 0 {
		t.Skip("system calls are not filtered on this architecture")
	}
	const name, zeros = "my $name = 'new'; ", `my $zeros = "\0" x 512; `
	calls := map[string]string{
		"set-user-ID by chmod":      "open(F, '>', 'file') or die; chmod 04755, 'file' or die",
		"set-group-ID by chmod":     "open(F, '>', 'file') or die; chmod 02755, 'file' or die",
		"set-user-ID by openat":     name + fmt.Sprintf("syscall(%d, -100, $name, 0101, 04755) >= 0 or die", unix.SYS_OPENAT),
		"set-user-ID by mknodat":    name + fmt.Sprintf("syscall(%d, -100, $name, 014755, 0) >= 0 or die", unix.SYS_MKNODAT),
		"a user namespace":          fmt.Sprintf("syscall(%d, %d) >= 0 or die", unix.SYS_UNSHARE, unix.CLONE_NEWUSER),
		"a raw socket":              fmt.Sprintf("syscall(%d, %d, 1, 0) >= 0 or die", unix.SYS_SOCKET, unix.AF_PACKET),
		"io_uring":                  zeros + fmt.Sprintf("syscall(%d, 1, $zeros) >= 0 or die", unix.SYS_IO_URING_SETUP),
		"the session's keyring":     fmt.Sprintf("syscall(%d, 0, -3, 0) >= 0 or die", unix.SYS_KEYCTL),
		"memory without a process":  fmt.Sprintf("my $id = syscall(%d, 0, 4096, 01600); $id >= 0 or die; shmctl($id, 0, 0)", unix.SYS_SHMGET),
		"memory without a name":     fmt.Sprintf("my $name = 'new'; syscall(%d, $name, 0) >= 0 or die", unix.SYS_MEMFD_CREATE),
		"openat2, which none needs": zeros + fmt.Sprintf("my $name = '.'; syscall(%d, -100, $name, $zeros, 24) >= 0 or die", unix.SYS_OPENAT2),
	}
	for what, program := range calls {
		cmd := exec.Command("perl", "-e", program)
		cmd.Dir = t.TempDir()
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Logf("%s is nothing that works here anyway: %s", what, out)
			delete(calls, what)
		}
	}
	if len(calls) < 5 {
		t.Errorf("too little works here: %v", calls)
	}
	everyKind(t, func(t *testing.T, r Sandbox) {
		work := workdir(t, r)
		for what, program := range calls {
			if err := os.WriteFile(filepath.Join(work, "call.pl"), []byte(program), 0o644); err != nil {
				t.Fatal(err)
			}
			if out, err := sh(t, r, Spec{Work: work}, "perl call.pl"); err == nil || !strings.Contains(out, "Died") {
				t.Errorf("%s: got %v: %s", what, err, out)
			}
		}
		mustSh(t, r, Spec{Work: work}, "touch file; chmod 755 file; mkdir -m 700 dir; mkfifo pipe; perl -e 'fork; use Socket; socketpair(A, B, AF_UNIX, SOCK_STREAM, 0) or die'")
	})
}

// TestBubblewrapKeepsItsCalls: since 0.12 it needs openat2 itself, which what runs in it is not to have.
func TestBubblewrapKeepsItsCalls(t *testing.T) {
	if auditArch == 0 {
		t.Skip("system calls are not filtered on this architecture")
	}
	program := fmt.Sprintf(`my ($name, $how) = ('.', pack 'Q3', 0, 0, 0); exit(syscall(%d, -100, $name, $how, 24) < 0);`, unix.SYS_OPENAT2)
	if exec.Command("perl", "-e", program).Run() != nil {
		t.Skip("this kernel has no openat2")
	}
	r := newSandbox(t, Bubblewrap)
	bin := workdir(t, r)
	if err := os.WriteFile(filepath.Join(bin, "bwrap"), []byte("#!/usr/bin/perl\n"+program), 0o755); err != nil {
		t.Fatal(err)
	}
	if out, err := sh(t, r, Spec{Env: []string{"PATH=" + bin + ":/usr/bin"}}, "true"); err != nil {
		t.Errorf("bubblewrap may not: %v: %s", err, out)
	}
}

// TestNothingOutlives leaves a process behind that holds one end of a pipe: the pipe ends when the process does.
func TestNothingOutlives(t *testing.T) {
	everyKind(t, func(t *testing.T, r Sandbox) {
		work := workdir(t, r)
		if err := errors.Join(unix.Mkfifo(filepath.Join(work, "fifo"), 0o600), r.Own(work)); err != nil {
			t.Fatal(err)
		}
		ended := readToEnd(t, filepath.Join(work, "fifo"))
		mustSh(t, r, Spec{Work: work}, "exec 3>fifo; setsid sleep infinity <&- >/dev/null 2>&1 & exec 3>fifo; echo begun >&3")
		if got := <-ended; got != "begun\n" {
			t.Errorf("got %q", got)
		}
	})
}

// TestCancel ends a program and what it started by its context.
func TestCancel(t *testing.T) {
	everyKind(t, func(t *testing.T, r Sandbox) {
		work := workdir(t, r)
		if err := errors.Join(unix.Mkfifo(filepath.Join(work, "fifo"), 0o600), r.Own(work)); err != nil {
			t.Fatal(err)
		}
		fifo, err := os.OpenFile(filepath.Join(work, "fifo"), os.O_RDWR, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer fifo.Close()
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		program := "setsid bash -c 'trap \"\" TERM HUP INT; echo begun > fifo; exec sleep infinity' & trap '' TERM HUP INT; wait"
		cmd := prepare(t, ctx, r, Spec{Work: work, Args: []string{"bash", "-c", program}})
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadFull(fifo, make([]byte, len("begun\n"))); err != nil {
			t.Fatal(err)
		}
		below := openBelow(t, cmd.Process.Pid)
		if len(below) < 2 {
			t.Fatalf("only %d processes run", len(below))
		}
		cancel()
		if err := cmd.Wait(); err == nil {
			t.Error("it ended well")
		}
		for _, fd := range below {
			awaitEnd(t, fd)
		}
	})
}

// readToEnd reads a named pipe until every writer is gone.
func readToEnd(t *testing.T, path string) <-chan string {
	ended := make(chan string, 1)
	go func() {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Error(err)
		}
		ended <- string(text)
	}()
	return ended
}

// openBelow opens every process below pid, itself included.
func openBelow(t *testing.T, pid int) []int {
	t.Helper()
	pids := []int{pid}
	for i := 0; i < len(pids); i++ {
		children, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pids[i]))
		for _, file := range children {
			text, _ := os.ReadFile(file)
			for _, word := range strings.Fields(string(text)) {
				if child, err := strconv.Atoi(word); err == nil && !slices.Contains(pids, child) {
					pids = append(pids, child)
				}
			}
		}
	}
	var fds []int
	for _, p := range pids {
		if fd, err := unix.PidfdOpen(p, 0); err == nil {
			fds = append(fds, fd)
			t.Cleanup(func() { unix.Close(fd) })
		}
	}
	return fds
}

// awaitEnd waits until a process has ended.
func awaitEnd(t *testing.T, pidfd int) {
	t.Helper()
	const patience = 10_000 // milliseconds; only a failure takes them
	for {
		n, err := unix.Poll([]unix.PollFd{{Fd: int32(pidfd), Events: unix.POLLIN}}, patience)
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil || n != 1 {
			t.Errorf("a process goes on: %v", err)
		}
		return
	}
}

func listen(t *testing.T) (io.Closer, int) {
	t.Helper()
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(unix.Bind(fd, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}), unix.Listen(fd, 5)); err != nil {
		t.Fatal(err)
	}
	address, err := unix.Getsockname(fd)
	if err != nil {
		t.Fatal(err)
	}
	return os.NewFile(uintptr(fd), "listener"), address.(*unix.SockaddrInet4).Port
}
