package main

import (
	"fmt"

	"mago/debpkg/visible"
)

// tellKept says where dpkg has left the administrator's file alone, and where the package's is.
func (a *app) tellKept(conffile string) {
	if !a.screen.quiet {
		fmt.Fprintf(a.screen.above(a.screen.out), "%-8s %s as you have it; the package's version is %[2]s.dpkg-dist\n", "kept", visible.Line(conffile))
	}
}
