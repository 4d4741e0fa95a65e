// Package oracle runs the real programs that fuzz targets compare with.
package oracle

import (
	"flag"
	"os/exec"
	"testing"
	"time"
)

// patience is how long a program may take for one input while inputs are being tried: package testing ends a worker that has
// one for ten seconds, and writes that input down as one that hangs. A busy machine needs no more for that than several programs.
const patience = time.Second

// Run is cmd.Run. Where inputs are being tried it gives one up for which the program takes too long.
func Run(t testing.TB, cmd *exec.Cmd) error {
	t.Helper()
	if !trying() {
		return cmd.Run()
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	late := time.AfterFunc(patience, func() { _ = cmd.Process.Kill() }) // it may have ended by itself
	err := cmd.Wait()
	if !late.Stop() {
		t.Skipf("%s took longer than %s", cmd.Path, patience)
	}
	return err
}

// trying reports whether this process is a worker of go test -fuzz.
func trying() bool {
	worker := flag.Lookup("test.fuzzworker")
	return worker != nil && worker.Value.String() == "true"
}
