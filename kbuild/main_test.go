package kbuild

import (
	"os"
	"syscall"
	"testing"
)

// TestMain has this program take part in sandboxes, as mago does.
func TestMain(m *testing.M) {
	if code, ok := Serve(os.Args); ok {
		syscall.Exit(code) // os.Exit takes a second under the race detector
	}
	m.Run()
}
