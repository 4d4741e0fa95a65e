package kbuild

import (
	"os"
	"testing"

	"mago/kbuild/sandbox"
)

// TestMain has this program take part in rooms, as mago does.
func TestMain(m *testing.M) {
	if code, ok := sandbox.Serve(os.Args); ok {
		os.Exit(code)
	}
	m.Run()
}
