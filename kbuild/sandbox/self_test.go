package sandbox

import (
	"fmt"
	"io"
	"os"
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
