package main

import (
	"fmt"
	"strings"

	"mago/cmd/mago/internal/engine"
	"mago/debpkg/apt"
)

// leftHint says how to be rid of what a failed installation has left: apt removes nothing that has to be installed again first,
// and what it brought for the modules others may use by now.
func leftHint(left []apt.Left) string {
	var lines, removable []string
	audit, configure := false, false
	for _, l := range left {
		switch {
		case l.Broken && l.Deb != "":
			lines = append(lines, fmt.Sprintf(`"sudo dpkg -i %s" installs %s again, which dpkg requires first`, engine.Pasted(l.Deb), l.Package))
		case l.Broken:
			audit = true
		case l.Brought:
			configure = true
		default:
			removable = append(removable, l.Package)
		}
	}
	if len(removable) > 0 {
		lines = append(lines, fmt.Sprintf(`"sudo apt-get remove %s" removes what is left`, strings.Join(removable, " ")))
	}
	if configure {
		lines = append(lines, `"sudo dpkg --configure -a" finishes what apt brought along`)
	}
	if audit {
		lines = append(lines, `"sudo dpkg --audit" says why dpkg requires packages to be installed again`)
	}
	return engine.Hints(append(lines, "once the cause is gone, run the same command again")...)
}
