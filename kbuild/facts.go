package kbuild

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"os"
	"slices"

	"mago/kbuild/elfmodule"
	"mago/kbuild/sandbox"
)

// Serve is for the beginning of main: where this process was started as a part of a sandbox, ok is true, and the process is
// to exit with the code.
func Serve(args []string) (code int, ok bool) {
	if !slices.Equal(args, sandbox.Self(elfmodule.Job)) {
		return sandbox.Serve(args)
	}
	if err := elfmodule.Serve(os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "mago: read modules:", err)
		return 1, true
	}
	return 0, true
}

// readMemory is what reading modules may take at most, in bytes; NVIDIA's, the largest known, take a tenth of it.
const readMemory = 2 << 30

// readFacts fills in what is known of modules, which is read in a sandbox that has nothing but their bytes.
func (s *finishing) readFacts(ctx context.Context, taken []takenModule) error {
	box := s.Sandbox
	box.Limits.Memory = min(cmp.Or(box.Limits.Memory, readMemory), readMemory)
	files := make([]string, len(taken))
	for i, m := range taken {
		files[i] = m.file
	}
	modules, err := elfmodule.Ask(files, func(in io.Reader, out io.Writer) error {
		err := box.RunSelf(ctx, sandbox.Spec{Args: []string{elfmodule.Job}, Stdin: in, Stdout: out, Stderr: s.Log}, s.Host.Run)
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		return err
	})
	for i, m := range modules {
		taken[i].facts = m
	}
	return err
}
