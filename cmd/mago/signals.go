package main

import (
	"context"
	"errors"
	"io"
	"os"
	"os/signal"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"
)

// interruption is the signal that ended a run. The exit code is what a shell gives a program that the signal killed.
type interruption struct {
	signal syscall.Signal
	told   sync.Once
}

func (e *interruption) Error() string { return "interrupted by " + unix.SignalName(e.signal) }

func (e *interruption) exitCode() int { return 128 + int(e.signal) }

// endingSignals end a run in order: what it has started is ended first, and what is temporary removed.
var endingSignals = []os.Signal{syscall.SIGHUP, syscall.SIGINT, syscall.SIGQUIT, syscall.SIGTERM}

// withSignals gives a context that the first ending signal ends, with an *interruption for its cause. A signal that the
// caller has had ignored, as nohup(1) does, stays so. Once the run ends, further signals change nothing.
func withSignals(ctx context.Context) (_ context.Context, end context.CancelCauseFunc) {
	ctx, cancel := context.WithCancelCause(ctx)
	arrived := make(chan os.Signal, 1)
	for _, s := range endingSignals {
		if !signal.Ignored(s) {
			signal.Notify(arrived, s)
		}
	}
	// A broken pipe is a failed write, and so is a file that may become no larger; neither kills mago in the middle. See stream.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE, syscall.SIGXFSZ, syscall.SIGXCPU)
	go func() {
		select {
		case s := <-arrived:
			cancel(&interruption{signal: s.(syscall.Signal)})
		case <-ctx.Done():
			signal.Stop(arrived)
		}
	}()
	return ctx, cancel
}

// forcedError says that a run with -f was ended, which goes on nowhere. What it was ended at may be nil.
type forcedError struct{ err error }

func (e *forcedError) Error() string { return "ended with -f" }
func (e *forcedError) Unwrap() error { return e.err }

func interruptionOf(ctx context.Context) *interruption {
	ended := &interruption{signal: syscall.SIGINT}
	_ = errors.As(context.Cause(ctx), &ended)
	return ended
}

// tell says once what ends a run, except to somebody who no longer listens.
func (e *interruption) tell(stderr io.Writer) {
	e.told.Do(func() {
		if e.signal == syscall.SIGPIPE {
			return
		}
		if s, ok := stderr.(*stream); ok && s.terminal != nil {
			_, _ = io.WriteString(s.terminal, clearBelow) // of the ^C that it has echoed
		}
		complain(stderr, "mago: "+e.Error())
	})
}

// tellAtOnce has a signal that ends a run told when it comes: what has to be waited for then, and what has come of a matrix, follow.
func (r *render) tellAtOnce(ctx context.Context) (stop func() bool) {
	return context.AfterFunc(ctx, func() {
		r.lock.Lock()
		defer r.lock.Unlock()
		r.screen.aside(func() { interruptionOf(ctx).tell(r.stderr) })
	})
}

// reportInterruption says why a run has ended with an error, and how to go on.
func reportInterruption(ctx context.Context, stderr io.Writer, err error) int {
	ended := interruptionOf(ctx)
	ended.tell(stderr)
	if ended.signal != syscall.SIGPIPE {
		switch {
		case errors.As(err, new(*statusError)): // only looked
		case errors.As(err, new(*forcedError)):
			complain(stderr, "mago: hint: the same command again begins anew: -f does again what is done")
		default:
			complain(stderr, "mago: hint: the same command again goes on with what is not done yet")
		}
	}
	return ended.exitCode()
}
