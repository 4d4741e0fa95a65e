package deep

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// nest makes directories d within each other, and a file at the end; the path has to be made step by step.
func nest(t *testing.T, dir string, levels int) {
	t.Helper()
	fd, err := unix.Open(dir, openFlags, 0)
	if err != nil {
		t.Fatal(err)
	}
	for range levels {
		err := unix.Mkdirat(fd, "d", 0o755)
		below, opened := unix.Openat(fd, "d", openFlags, 0)
		if err := errors.Join(err, opened, unix.Close(fd)); err != nil {
			t.Fatal(err)
		}
		fd = below
	}
	file, err := unix.Openat(fd, "file", unix.O_CREAT|unix.O_WRONLY, 0o644)
	if err := errors.Join(err, unix.Close(file), unix.Close(fd)); err != nil {
		t.Fatal(err)
	}
}

// count is how many names there are below a directory.
func count(t *testing.T, dir string) (n int) {
	t.Helper()
	if err := Walk(dir, func(Entry) error { n++; return nil }, nil); err != nil {
		t.Error(err)
	}
	return n
}

// fewDescriptors holds this process to a handful more than it has.
func fewDescriptors(t *testing.T) {
	t.Helper()
	var before syscall.Rlimit
	open, err := os.ReadDir("/proc/self/fd")
	if err := errors.Join(err, syscall.Getrlimit(syscall.RLIMIT_NOFILE, &before)); err != nil {
		t.Fatal(err)
	}
	few := before
	few.Cur = uint64(len(open) + 10)
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &few); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &before); err != nil {
			t.Error(err)
		}
	})
}

func TestDeep(t *testing.T) {
	const levels = 3_000
	dir := filepath.Join(t.TempDir(), "top")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	nest(t, dir, levels)
	fewDescriptors(t)
	if n := count(t, dir); n != levels+1 {
		t.Errorf("it has %d names", n)
	}
	if err := Remove(dir); err != nil {
		t.Error(err)
	}
	if _, err := os.Lstat(dir); err == nil {
		t.Error("it is still there")
	}
}

// TestOrder: a directory is visited before what is in it, and left after that.
func TestOrder(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"a/b/c", "a/d"} {
		if err := os.MkdirAll(filepath.Join(dir, name), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("/", filepath.Join(dir, "a/b/link")); err != nil {
		t.Fatal(err)
	}
	var seen []string
	note := func(what string) func(Entry) error {
		return func(e Entry) error { seen = append(seen, what+e.Name); return nil }
	}
	if err := Walk(dir, note("+"), note("-")); err != nil {
		t.Fatal(err)
	}
	index := func(what string) int { return slices.Index(seen, what) }
	if len(seen) != 9 || index("+a") != 0 || index("-a") != 8 || index("+c") < index("+b") || index("-c") > index("-b") {
		t.Errorf("seen %s", seen)
	}
	stop := errors.New("stop")
	if err := Walk(dir, func(Entry) error { return stop }, nil); !errors.Is(err, stop) {
		t.Errorf("got %v", err)
	}
}

// TestMoved: a directory that is moved out of the tree does not lead the walk out of it.
func TestMoved(t *testing.T) {
	top := t.TempDir()
	for _, name := range []string{"tree/a/b/c", "tree/z/y", "outside/secret"} {
		if err := os.MkdirAll(filepath.Join(top, name), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	var seen []string
	err := Walk(filepath.Join(top, "tree"), func(e Entry) error {
		seen = append(seen, e.Name)
		if e.Name == "c" {
			return os.Rename(filepath.Join(top, "tree/a/b"), filepath.Join(top, "outside/b"))
		}
		return nil
	}, nil)
	if err != nil || slices.Contains(seen, "secret") || !slices.Contains(seen, "y") {
		t.Errorf("seen %s, %v", seen, err)
	}
}

// TestClosed: a user's own directories may have any mode. Root runs the test as nobody.
func TestClosed(t *testing.T) {
	if os.Geteuid() == 0 {
		asNobody(t)
		return
	}
	dir := filepath.Join(t.TempDir(), "top")
	inside := filepath.Join(dir, "a/closed/b")
	if err := os.MkdirAll(inside, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(os.WriteFile(filepath.Join(inside, "file"), nil, 0o644), os.Chmod(inside, 0o400),
		os.Chmod(filepath.Dir(inside), 0), os.Chmod(filepath.Join(dir, "a"), 0o500)); err != nil {
		t.Fatal(err)
	}
	if n := count(t, dir); n != 4 {
		t.Errorf("it has %d names", n)
	}
	if info, err := os.Stat(filepath.Dir(inside)); err != nil || info.Mode().Perm() != 0 {
		t.Errorf("its mode has changed: %v, %v", info, err)
	}
	if err := Remove(dir); err != nil {
		t.Error(err)
	}
}

func asNobody(t *testing.T) {
	t.Helper()
	const nobody = 65534
	dir, err := os.MkdirTemp("/var/tmp", "mago-test-")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	program := filepath.Join(dir, "test")
	text, err := os.ReadFile("/proc/self/exe")
	if err := errors.Join(err, os.WriteFile(program, text, 0o755), os.Chmod(dir, 0o777)); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program, "-test.run=^"+t.Name()+"$")
	cmd.Dir, cmd.Env = dir, []string{"TMPDIR=" + dir}
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("as nobody: %v: %s", err, out)
	}
}

// TestRemove: what is no directory is removed as well, and what is not there is no error.
func TestRemove(t *testing.T) {
	dir := t.TempDir()
	link := filepath.Join(dir, "link")
	if err := os.Symlink("/etc", link); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"link", "none"} {
		if err := Remove(filepath.Join(dir, name)); err != nil {
			t.Error(err)
		}
	}
	if _, err := os.Lstat(link); err == nil {
		t.Error("the link is still there")
	}
}

// TestTopIsClosed: so may the directory itself be that is to go, whatever its name.
func TestTopIsClosed(t *testing.T) {
	if os.Geteuid() == 0 {
		asNobody(t)
		return
	}
	for _, name := range []string{"top", "\xff\n\x1b[2J", strings.Repeat("n", 255)} {
		dir := filepath.Join(t.TempDir(), name)
		if err := errors.Join(os.MkdirAll(filepath.Join(dir, name, name), 0o755), os.Chmod(filepath.Join(dir, name), 0), os.Chmod(dir, 0)); err != nil {
			t.Fatal(err)
		}
		if err := Remove(dir); err != nil {
			t.Error(err)
		}
		if _, err := os.Lstat(dir); err == nil {
			t.Errorf("%q is still there", name)
		}
	}
}

// TestMessageIsShort: what cannot be removed is named without the way to it.
func TestMessageIsShort(t *testing.T) {
	if os.Geteuid() == 0 {
		asNobody(t)
		return
	}
	err := RemoveAt(unix.AT_FDCWD, "/proc/self/task")
	if err == nil || len(err.Error()) > 400 {
		t.Errorf("%v", err)
	}
}

func TestSize(t *testing.T) {
	dir := t.TempDir()
	nest(t, dir, 3_000)
	file, sparse := filepath.Join(dir, "a"), filepath.Join(dir, "sparse")
	if err := errors.Join(os.WriteFile(file, make([]byte, 1234), 0o600), os.Symlink("a", filepath.Join(dir, "link")), os.WriteFile(sparse, nil, 0o600), os.Truncate(sparse, 1<<20)); err != nil {
		t.Fatal(err)
	}
	one, hole := onDisk(t, file), onDisk(t, sparse)
	for path, want := range map[string]int64{dir: one + hole, file: one, sparse: hole, filepath.Join(dir, "link"): 0, filepath.Join(dir, "none"): 0} {
		if got := Size(path); got != want {
			t.Errorf("Size(%s) = %d, want %d", path, got, want)
		}
	}
	if err := Remove(filepath.Join(dir, "d")); err != nil {
		t.Error(err)
	}
}

// onDisk is what du(1) says of a file.
func onDisk(t *testing.T, path string) int64 {
	out, err := exec.Command("du", "--block-size=1", path).Output()
	if err != nil {
		t.Fatal(err)
	}
	bytes, err := strconv.ParseInt(strings.Fields(string(out))[0], 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return bytes
}

func TestBounded(t *testing.T) {
	dir := t.TempDir()
	nest(t, dir, 3_000)
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	seen := 0
	err = fs.WalkDir(root.FS(), ".", Bounded(func(string, fs.DirEntry, error) error { seen++; return nil }))
	if !errors.As(err, new(*LevelsError)) || seen != 1+MaxLevels {
		t.Errorf("%d seen, %v", seen, err)
	}
	if err := Remove(filepath.Join(dir, "d")); err != nil {
		t.Error(err)
	}
}
