package recipe

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"mago/kbuild/sandbox"
)

func workRoot(t *testing.T) *os.Root {
	t.Helper()
	root, err := os.OpenRoot(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { root.Close() })
	return root
}

func copies(work *os.Root) *Workspace {
	return &Workspace{files: work, Log: &Log{to: io.Discard}}
}

// TestCopyTreeEnds: a hole of terabytes takes no more time and space than a build may.
func TestCopyTreeEnds(t *testing.T) {
	source := tree{"hole": ""}.write(t, t.TempDir())
	if err := os.Truncate(filepath.Join(source, "hole"), 4<<40); err != nil {
		t.Fatal(err)
	}
	w := copies(workRoot(t))
	w.Sandbox.Limits.Output = 1 << 20
	var limit *sandbox.LimitError
	if err := w.copyTree(t.Context(), Source{Dir: source}, "a"); !errors.As(err, &limit) || limit.Name != "output" {
		t.Errorf("got %v", err)
	}
	ended, end := context.WithCancelCause(t.Context())
	w.Sandbox.Limits.Output = 0
	end(errTooLong)
	if err := w.copyTree(ended, Source{Dir: source}, "b"); !errors.Is(err, errTooLong) {
		t.Errorf("got %v", err)
	}
}

func TestCopyTree(t *testing.T) {
	source := tree{
		"a.c": "int a;", "configure+": "#!/bin/sh\n", "sub/deep/b.c": "int b;", "empty/": "",
		"link": "-> a.c", "away": "-> /etc/passwd", "dangling": "-> nowhere", "loop": "-> .",
		"closed/x.c": "int x;", "old.ko": "built earlier", "firmware.ko.bin": "kept", "link.ko": "-> a.c",
	}.write(t, filepath.Join(t.TempDir(), "source"))
	old := time.Date(2001, 2, 3, 4, 5, 6, 0, time.UTC)
	if err := errors.Join(os.Chtimes(filepath.Join(source, "a.c"), old, old), os.Chmod(filepath.Join(source, "a.c"), 0o600), os.Chmod(filepath.Join(source, "closed"), 0o750)); err != nil {
		t.Fatal(err)
	}
	work := workRoot(t)
	if err := copies(work).copyTree(t.Context(), Source{Dir: source}, "hello/1.0/build"); err != nil {
		t.Fatal(err)
	}
	to := filepath.Join(work.Name(), "hello/1.0/build")
	for name, want := range map[string]string{
		"a.c": "-rw------- int a;", "configure": "-rwxr-xr-x #!/bin/sh\n", "sub/deep/b.c": "-rw-r--r-- int b;", "empty": "drwxr-xr-x ", "closed": "drwxr-x--- ", "closed/x.c": "-rw-r--r-- int x;",
		"link": "L a.c", "away": "L /etc/passwd", "dangling": "L nowhere", "loop": "L .", "firmware.ko.bin": "-rw-r--r-- kept", "link.ko": "L a.c",
	} {
		if got := describe(t, filepath.Join(to, name)); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	if _, err := os.Lstat(filepath.Join(to, "old.ko")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a module of an earlier build came along: %v", err)
	}
	if info, err := os.Stat(filepath.Join(to, "a.c")); err != nil || !info.ModTime().Equal(old) {
		t.Errorf("a.c is of %v, %v", info.ModTime(), err)
	}
}

// describe shows what lies at path: type and permissions, and what it holds or leads to.
func describe(t *testing.T, path string) string {
	t.Helper()
	info, err := os.Lstat(path)
	if err != nil {
		return err.Error()
	}
	switch {
	case info.Mode()&fs.ModeSymlink != 0:
		target, _ := os.Readlink(path)
		return "L " + target
	case info.IsDir():
		return info.Mode().String() + " "
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return info.Mode().String() + " " + string(text)
}

// TestCopyTreeOfLink: a link to a source is copied as the source, or the build would write to that.
func TestCopyTreeOfLink(t *testing.T) {
	dir := t.TempDir()
	tree{"real/a.c": "int a;", "link": "-> real"}.write(t, dir)
	work := workRoot(t)
	if err := copies(work).copyTree(t.Context(), Source{Dir: filepath.Join(dir, "link")}, "build"); err != nil {
		t.Fatal(err)
	}
	if got := describe(t, filepath.Join(work.Name(), "build")); got != "drwxr-xr-x " {
		t.Errorf("the copy is %s", got)
	}
}

// TestCopyTreeLeavesOut: what make left running, or a device, is no part of a source, and no reason not to build it.
func TestCopyTreeLeavesOut(t *testing.T) {
	source := tree{"a.c": "int a;", "a.ko": "", "sub/b.ko.zst": "", "c.ko.bin": ""}.write(t, t.TempDir())
	listener, err := net.Listen("unix", filepath.Join(source, "sub/socket"))
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	if err := unix.Mkfifo(filepath.Join(source, "pipe"), 0o644); err != nil {
		t.Fatal(err)
	}
	var told []string
	w := copies(workRoot(t))
	w.Warning = func(line string) { told = append(told, line) }
	for _, to := range []string{"one", "two"} {
		if err := w.copyTree(t.Context(), Source{Dir: source}, to); err != nil {
			t.Fatal(err)
		}
	}
	if want := []string{"left out of the source, being neither file, directory nor link: pipe, sub/socket"}; !slices.Equal(told, want) {
		t.Errorf("told %q", told)
	}
	if got := w.earlier.String(); got != "a.ko, sub/b.ko.zst" {
		t.Errorf("earlier modules: %s", got)
	}
	if found, err := fs.Glob(w.files.FS(), "*/*"); err != nil || !slices.Equal(found, []string{"one/a.c", "one/c.ko.bin", "one/sub", "two/a.c", "two/c.ko.bin", "two/sub"}) {
		t.Errorf("copied %v, %v", found, err)
	}
}

func TestSomeNames(t *testing.T) {
	var names someNames
	for range mostNames + 2 {
		names.add("a")
	}
	if want := strings.Repeat("a, ", mostNames-1) + "a and 2 more"; names.String() != want {
		t.Errorf("got %s", names)
	}
}

func TestCopyTreeRefuses(t *testing.T) {
	source := tree{"a.c": "int a;"}.write(t, t.TempDir())
	if err := copies(workRoot(t)).copyTree(t.Context(), Source{Dir: filepath.Join(source, "nowhere")}, "build"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no source: %v", err)
	}
	if err := copies(workRoot(t)).copyTree(t.Context(), Source{Dir: filepath.Join(source, "a.c")}, "build"); err == nil {
		t.Error("a file is no source tree")
	}
}

// TestCopyTreeStaysInside has a work directory where somebody planted links to elsewhere.
func TestCopyTreeStaysInside(t *testing.T) {
	source, outside := tree{"a.c": "int a;"}.write(t, t.TempDir()), t.TempDir()
	for _, planted := range []string{"hello", "hello/1.0", "hello/1.0/build"} {
		work := workRoot(t)
		tree{planted: "-> " + outside}.write(t, work.Name())
		if err := copies(work).copyTree(t.Context(), Source{Dir: source}, "hello/1.0/build"); err == nil {
			t.Errorf("%s: followed", planted)
		}
	}
	if entries, err := os.ReadDir(outside); len(entries) != 0 || err != nil {
		t.Errorf("outside there is %v, %v", entries, err)
	}
}
