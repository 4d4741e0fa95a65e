package main

import (
	"fmt"
	"strings"

	"mago/catalog"
)

// missingHint says how apt gets to know a module source of Debian's.
func missingHint(e *catalog.MissingError) string {
	const update = `then run "sudo apt-get update", and this again`
	file := e.Sources[0].File
	for _, s := range e.Sources {
		if s.Release == e.Place.Release {
			file = s.File
			break
		}
	}
	switch {
	case e.LeftOut() && strings.HasSuffix(file, ".sources"):
		return fmt.Sprintf("add %s to Components in %s, %s", e.Place.Component, file, update)
	case e.LeftOut():
		return fmt.Sprintf("add %s at the end of Debian's lines in %s, %s", e.Place.Component, file, update)
	case e.Place.Release != "":
		return `run "sudo apt-get update"; where that brings nothing, apt's preferences or another architecture may be the reason`
	case e.Backports.Release != "":
		return fmt.Sprintf(`put the line "deb %s %s %s" into /etc/apt/sources.list.d/backports.list, %s`,
			strings.TrimSuffix(e.Sources[0].URI, "/"), e.Backports.Release, e.Backports.Component, update)
	}
	return "a directory or tarball of its source can be built, too, named as ./hello is"
}
