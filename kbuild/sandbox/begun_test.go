package sandbox

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// TestBegun: a program that fails is not to blame for a sandbox that does, and the other way round, whatever it says and however
// it ends.
func TestBegun(t *testing.T) {
	everyKind(t, func(t *testing.T, r Sandbox) {
		var broken *BrokenError
		for _, program := range []string{
			"exit 126", "exit 1", "exit 137", "echo mago-enter: failed >&2; exit 126", "echo bwrap: execvp >&2; exit 1", "/nonexistent", "echo x >&3",
			"for fd in 4 5 6 7 8 9; do eval \"echo failed >&$fd\"; done 2>/dev/null; exit 1",
		} {
			var exit *exec.ExitError
			if out, err := sh(t, r, Spec{}, program); errors.As(err, &broken) || !errors.As(err, &exit) {
				t.Errorf("%s: got %v: %s", program, err, out)
			}
		}
		work := workdir(t, r)
		for name, spec := range map[string]Spec{
			"no such program":   {Args: []string{"/nonexistent"}},
			"no such directory": {Args: []string{"true"}, Work: work, Dir: "gone"},
		} {
			if err := r.Run(t.Context(), spec, nil); !errors.As(err, &broken) || broken.Kind != r.Kind || broken.Doing != "start "+spec.Args[0] {
				t.Errorf("%s: got %v", name, err)
			}
		}
		if !r.Drop {
			return
		}
		closed := filepath.Join(work, "closed")
		if err := os.Mkdir(closed, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := r.Run(t.Context(), Spec{Args: []string{"true"}, Work: closed, Dir: "."}, nil); !errors.As(err, &broken) {
			t.Errorf("a directory that is closed to the user: got %v", err)
		}
	})
}
