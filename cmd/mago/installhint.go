package main

import (
	"fmt"

	"mago/cmd/mago/internal/engine"
	"mago/debpkg/apt"
)

// leftHint says how to be rid of what a failed installation has left: apt removes nothing that has to be installed again first,
// and what it brought for the modules others may use by now.
func (a adviser) leftHint(left []apt.Left) string {
	var lines, removable []string
	audit, configure := false, false
	for _, l := range left {
		switch {
		case l.Broken && l.Deb != "":
			lines = append(lines, fmt.Sprintf(`"%s" installs %s again, which dpkg requires first`, a.on.Program("dpkg", "-i", l.Deb), l.Package))
		case l.Broken:
			audit = true
		case l.Brought:
			configure = true
		default:
			removable = append(removable, l.Package)
		}
	}
	if len(removable) > 0 {
		lines = append(lines, fmt.Sprintf(`"%s" removes what is left`, a.on.Apt("remove", removable...)))
	}
	if configure {
		lines = append(lines, fmt.Sprintf(`"%s" finishes what apt brought along`, a.on.Program("dpkg", "--configure", "-a")))
	}
	if audit {
		lines = append(lines, fmt.Sprintf(`"%s" says why dpkg requires packages to be installed again`, a.on.Program("dpkg", "--audit")))
	}
	return engine.Hints(append(lines, "once the cause is gone, run the same command again")...)
}
