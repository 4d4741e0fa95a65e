// Package parts is what this program does where it was started as a part of a sandbox.
package parts

import (
	"fmt"
	"os"
	"slices"

	"mago/kbuild/elfmodule"
	"mago/kbuild/sandbox"
)

// Serve is for the beginning of a program: where args, its command line, make it a part of a sandbox, ok is true, and it is to exit
// with the code.
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
