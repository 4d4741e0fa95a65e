package recipe

import (
	"io"
	"os/exec"
	"path/filepath"
	"testing"

	"mago/kbuild/sandbox"
)

// TestEvaluateRuns: a file that says its name and version outright is read once, wherever it lies.
func TestEvaluateRuns(t *testing.T) {
	for conf, want := range map[string]int{"PACKAGE_NAME=hello\nPACKAGE_VERSION=1.0\n": 1, "PACKAGE_NAME=$(echo hello)\nPACKAGE_VERSION=1.0\n": 2} {
		runs := 0
		h := Host{Sandbox: sandbox.Sandbox{Kind: sandbox.Bubblewrap}, Run: func(cmd *exec.Cmd) error {
			runs++
			_, err := io.WriteString(cmd.Stdout, "mago-begin-of-conf\x00PACKAGE_NAME\x000\x00hello\x00PACKAGE_VERSION\x000\x001.0\x00mago-end-of-conf\x00")
			return err
		}}
		dir := tree{"dkms.conf": conf}.write(t, filepath.Join(t.TempDir(), "src"))
		c, err := Evaluate(t.Context(), h, Job{Source: Source{Dir: dir}, Work: t.TempDir()})
		if err != nil || c.Name != "hello" || c.Version != "1.0" || runs != want {
			t.Errorf("%q: %+v, %v after %d runs, want %d", conf, c, err, runs, want)
		}
	}
}
