package main

import (
	"fmt"
	"slices"
	"strings"

	"mago/catalog"
)

const thenUpdate = `then run "sudo apt-get update", and this again`

// missingHint says how apt gets to know a module source of Debian's.
func missingHint(e *catalog.MissingError) string {
	switch {
	case e.LeftOut():
		return leftOutHint(e)
	case e.Place.Release != "":
		return `run "sudo apt-get update"; if that fetches nothing, apt's preferences or another architecture may be the reason`
	case e.Backports.Release != "":
		return fmt.Sprintf(`put the line "deb %s %s %s" into /etc/apt/sources.list.d/backports.list, %s`,
			strings.TrimSuffix(e.Sources[0].URI, "/"), e.Backports.Release, e.Backports.Component, thenUpdate)
	}
	return "mago also builds a directory or tarball of its source, such as ./hello"
}

// leftOutHint says where the components go that module sources of one release are in.
func leftOutHint(all ...*catalog.MissingError) string {
	var components []string
	for _, e := range all {
		components = append(components, e.Place.Component)
	}
	slices.Sort(components)
	what, file := strings.Join(slices.Compact(components), " and "), all[0].File()
	if strings.HasSuffix(file, ".sources") {
		return fmt.Sprintf("add %s to Components in %s, %s", what, file, thenUpdate)
	}
	return fmt.Sprintf("add %s at the end of Debian's lines in %s, %s", what, file, thenUpdate)
}
