// Command mago builds Debian packages of out-of-tree kernel modules, when and only when somebody asks.
package main

import (
	"context"
	"io"
	"os"
	"runtime/debug"
	"syscall"

	"mago/cmd/mago/internal/engine"
	_ "mago/cmd/mago/part"
)

func main() {
	syscall.Umask(0o022) // the build user has to enter mago's directories, whatever the caller's umask
	os.Setenv("PATH", searchPath(os.Getenv("PATH")))
	os.Exit(run(context.Background(), os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// run is the whole program: its arguments in, its exit code out. It reads no input: what it asks it asks a terminal; see agreed.
func run(ctx context.Context, args []string, _ io.Reader, stdout, stderr io.Writer) int {
	return runOn(ctx, thisMachine(), args, stdout, stderr)
}

func runOn(ctx context.Context, m engine.Machine, args []string, stdout, stderr io.Writer) (code int) {
	ctx, end := withSignals(ctx)
	defer end(nil)
	m.Tokens.Done = ctx.Done()
	out, complaints := newStream("standard output", stdout, end), newStream("standard error", stderr, end)
	defer func() {
		if cause := recover(); cause != nil {
			code = reportPanic(complaints, cause, debug.Stack())
		}
	}()
	err := dispatch(ctx, m, args, out, complaints)
	return report(ctx, out, complaints, err)
}
