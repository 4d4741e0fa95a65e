package kbuild

import (
	"cmp"
	"context"
	"io"

	"mago/kbuild/elfmodule"
	"mago/kbuild/sandbox"
)

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
