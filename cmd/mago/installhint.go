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

// hinderedHint says how packages that are none of mago's come to their end.
func (a adviser) hinderedHint(e *apt.HinderedError) string {
	var lines []string
	for _, name := range e.Unfinished {
		lines = append(lines, fmt.Sprintf(`"%s" finishes %s, or says why it cannot; "%s" removes it`, a.on.Program("dpkg", "--configure", name), name, a.on.Apt("remove", name)))
	}
	for _, name := range e.Broken {
		lines = append(lines, fmt.Sprintf(`"%s" installs %s anew`, a.on.Apt("install", "--reinstall", name), name))
	}
	if len(e.Unmet) > 0 {
		lines = append(lines, fmt.Sprintf(`"%s" brings what is lacking, or asks what to remove`, a.on.Apt("--fix-broken", "install")))
	}
	return engine.Hints(append(lines, "after that run the same command again; what is built is kept")...)
}
