package main

import (
	"fmt"
	"slices"
	"strings"

	"mago/catalog"
)

// missingHint says how apt gets to know a module source of Debian's.
func (a adviser) missingHint(e *catalog.MissingError) string {
	switch {
	case e.LeftOut():
		return a.leftOutHint(e)
	case e.Place.Release != "":
		return a.afterUpdate("if that fetches nothing, ", "apt's preferences or another architecture may be the reason")
	case e.Backports.Release != "":
		return fmt.Sprintf(`put the line "deb %s %s %s" into /etc/apt/sources.list.d/backports.list, %s`,
			strings.TrimSuffix(e.Sources[0].URI, "/"), e.Backports.Release, e.Backports.Component, a.thenUpdate())
	}
	return "mago also builds a directory or tarball of its source, such as ./hello"
}

// leftOutHint says where the components go that module sources of one release are in.
func (a adviser) leftOutHint(all ...*catalog.MissingError) string {
	var components []string
	for _, e := range all {
		components = append(components, e.Place.Component)
	}
	slices.Sort(components)
	what, file := strings.Join(slices.Compact(components), " and "), all[0].File()
	if strings.HasSuffix(file, ".sources") {
		return fmt.Sprintf("add %s to Components in %s, %s", what, file, a.thenUpdate())
	}
	return fmt.Sprintf("add %s at the end of Debian's lines in %s, %s", what, file, a.thenUpdate())
}

// thenUpdate is what comes after a change of apt's sources.
func (a adviser) thenUpdate() string {
	return fmt.Sprintf(`then run "%s", and this again`, a.on.Apt("update"))
}

// afterUpdate is what is left to say where apt has fetched its lists in vain; where mago has not seen that, it comes first.
func (a adviser) afterUpdate(ifInVain, then string) string {
	if a.on.Updated {
		return then
	}
	return fmt.Sprintf(`run "%s"; %s%s`, a.on.Apt("update"), ifInVain, then)
}

func (a adviser) noListsHint() string {
	return a.afterUpdate("if that fetches none, ", "the files below /etc/apt/sources.list* name no archive")
}

func (a adviser) unfetchedHint() string {
	if a.on.Updated {
		return "check the network; then run the same command again"
	}
	return fmt.Sprintf(`check the network, and run "%s"; then run the same command again`, a.on.Apt("update"))
}

func (a adviser) unmetHint() string {
	if a.on.Updated {
		return "apt has no package for that: check its sources, then run the same command again"
	}
	return fmt.Sprintf(`apt has no package for that: check its sources, then run "%s"`, a.on.Apt("update"))
}
