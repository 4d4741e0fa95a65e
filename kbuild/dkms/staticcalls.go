package dkms

import (
	"context"
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"
	"strings"

	"mvdan.cc/sh/v3/interp"
)

// harmless are the builtins that depend on nothing but the file.
var harmless = []string{
	":", "true", "false", "echo", "printf", "test", "[", "unset", "set", "shopt", "shift", "break", "continue", "return", sizeCheck,
}

// sizeCheck is a command that tame puts after assignments, and with a weight before statements.
const sizeCheck = "mago-size-check"

// pipeSource is the command that tame has stand for a pipe.
const pipeSource = "mago-pipe-source"

var (
	plainFlags = regexp.MustCompile(`^-[fvx]+$|^[+][efuvx]+$`)
	wide       = regexp.MustCompile(`%[^%a-zA-Z]*(\*|[0-9]{5})`)
)

// call sees every command before it runs.
func (r *reading) call(ctx context.Context, args []string) ([]string, error) {
	h := interp.HandlerCtx(ctx)
	name := args[0]
	holds, ok := r.step(h.Env, args)
	switch {
	case !ok:
		return nil, r.deny(h.Pos, errSteps().What)
	case r.unused(h):
		return []string{"true"}, nil
	case name != sizeCheck && r.calls.Add(1) > staticCalls:
		return nil, r.deny(h.Pos, fmt.Sprintf("it runs more than %d commands", staticCalls))
	case holds > staticSize:
		return nil, r.deny(h.Pos, fmt.Sprintf("it holds more than %d bytes", staticSize))
	case name == pipeSource:
		return nil, r.deny(h.Pos, "it pipes")
	case name == "exit":
		return nil, r.deny(h.Pos, "it exits before its end")
	case !slices.Contains(harmless, name) && len(r.functions[name]) == 0:
		return nil, r.deny(h.Pos, "it runs "+name)
	case name == "set" && slices.ContainsFunc(args[1:], func(arg string) bool { return !plainFlags.MatchString(arg) }):
		return nil, r.deny(h.Pos, "it runs "+strings.Join(args, " "))
	case name == "printf" && slices.ContainsFunc(args[1:], wide.MatchString):
		return nil, r.deny(h.Pos, "it prints a wide field")
	}
	return args, nil
}

// exec gets what is neither builtin nor function: the size check, which leaves $? alone.
func (r *reading) exec(interp.ExecHandlerFunc) interp.ExecHandlerFunc {
	return func(ctx context.Context, args []string) error {
		h := interp.HandlerCtx(ctx)
		if args[0] != sizeCheck {
			return r.deny(h.Pos, "it runs "+args[0])
		}
		if h.LastExitStatus != 0 {
			return interp.ExitStatus(h.LastExitStatus)
		}
		return nil
	}
}

// open lets a file throw away what it does not want to see, no more.
func (r *reading) open(ctx context.Context, path string, flag int, _ os.FileMode) (io.ReadWriteCloser, error) {
	if path == os.DevNull && flag&(os.O_WRONLY|os.O_RDWR) != 0 {
		return nowhere{}, nil
	}
	return nil, r.deny(interp.HandlerCtx(ctx).Pos, "it opens "+path)
}

type nowhere struct{}

func (nowhere) Read([]byte) (int, error)    { return 0, io.EOF }
func (nowhere) Write(p []byte) (int, error) { return len(p), nil }
func (nowhere) Close() error                { return nil }

func length(words []string) (n int) {
	for _, w := range words {
		n += len(w) + 1
	}
	return n
}
