package kbuild

import (
	"os"
	"syscall"
	"testing"

	"mago/kbuild/parts"
)

// TestMain has this program take part in sandboxes, as mago does.
func TestMain(m *testing.M) {
	if code, ok := parts.Serve(os.Args); ok {
		syscall.Exit(code) // os.Exit takes a second under the race detector
	}
	m.Run()
}
