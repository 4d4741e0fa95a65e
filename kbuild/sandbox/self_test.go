package sandbox

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// writeItself is this program in a sandbox: it tells who it is and what it got, and tries to change itself.
func writeItself() {
	input, _ := io.ReadAll(os.Stdin)
	fmt.Printf("user %d, input %s", os.Getuid(), input)
	if _, err := os.NewFile(3, "self").WriteAt([]byte("x"), 0); err == nil {
		fmt.Print(", wrote")
	}
}

// TestRunSelf: the test's program lies in a directory that others may not enter, and the root has nothing.
func TestRunSelf(t *testing.T) {
	everyKind(t, func(t *testing.T, r Sandbox) {
		r.Root = t.TempDir()
		var out strings.Builder
		spec := Spec{Args: []string{"write-itself"}, Stdin: strings.NewReader("given"), Stdout: &out, Stderr: &out}
		uid := os.Getuid()
		if r.Drop {
			uid = nobody
		}
		if err := r.RunSelf(t.Context(), spec, nil); err != nil || out.String() != fmt.Sprintf("user %d, input given", uid) {
			t.Errorf("got %q, %v", out.String(), err)
		}
	})
}

// TestIsSystems: a program that somebody but root could write to, or that not everybody may run, is copied.
func TestIsSystems(t *testing.T) {
	is := func(file, path string) bool {
		program, err := os.Open(file)
		if err != nil {
			t.Fatal(err)
		}
		defer program.Close()
		return isSystems(program, path)
	}
	if !is("/bin/sh", "/bin/sh") {
		t.Error("the system's shell is copied")
	}
	if is("/bin/sh", "/home/sh") {
		t.Error("what no sandbox shows is not copied")
	}
	for _, mode := range []os.FileMode{0o777, 0o775, 0o750, 0o644} {
		file := filepath.Join(t.TempDir(), "program")
		if err := errors.Join(os.WriteFile(file, nil, 0o600), os.Chmod(file, mode)); err != nil {
			t.Fatal(err)
		}
		if is(file, "/usr/bin/program") {
			t.Errorf("a program with mode %o is not copied", mode)
		}
	}
}
