// Package part ends mago early where it is a part of a sandbox. A build starts ten of them, and two thirds of a start go into
// preparing what only the command line needs: this package is imported for its init, which runs before most of that (Go's
// specification, "Program initialization").
package part

import (
	"os"

	"mago/kbuild/parts"
)

func init() {
	if code, ok := parts.Serve(os.Args); ok {
		os.Exit(code)
	}
}
