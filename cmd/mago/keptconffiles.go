package main

import (
	"fmt"

	"mago/debpkg/visible"
)

// tellKept says where dpkg has left the administrator's file alone, and where the package's is.
func (a *app) tellKept(conffile string) {
	if !a.screen.quiet {
		text := fmt.Sprintf("%-8s %s as you have it; the package's version is %[2]s.dpkg-dist", "kept", visible.Line(conffile))
		fmt.Fprintln(a.screen.above(a.screen.out), a.screen.out.wrapped(text, textIndent))
	}
}
