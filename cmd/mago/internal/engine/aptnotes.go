package engine

import (
	"slices"
	"strings"

	"mago/debpkg/apt"
	"mago/debpkg/word"
	"mago/kbuild/kernel"
)

// tellComing shows what apt is about to bring: what was asked for and the kernels by name, the rest by number.
func (at *aptTool) tellComing(asked []word.Target, coming apt.Transaction, cost apt.Cost) {
	at.say.note("prepare", "to install: %s", word.Join(asked, ", "))
	if more := besides(asked, coming, cost); more != "" {
		at.say.note("prepare", "%s", more)
	}
	at.tellKernels("prepare", coming.Install)
}

// tellKernels says which kernels come along, which nobody may have asked for.
func (at *aptTool) tellKernels(phase string, changes []apt.Change) {
	for _, release := range kernelsAmong(changes) {
		at.say.note(phase, "this installs the kernel %s too", release)
	}
}

// besides is what a transaction brings that was not asked for, and what all of it takes.
func besides(asked []word.Target, coming apt.Transaction, cost apt.Cost) string {
	known := func(c apt.Change) bool {
		return slices.ContainsFunc(asked, func(t word.Target) bool { return t.Name == c.Package.Name })
	}
	var parts []string
	if more := slices.DeleteFunc(slices.Clone(coming.Install), known); len(more) > 0 {
		parts = append(parts, "with "+Plural(len(more), "more package"))
	}
	if newer := slices.DeleteFunc(slices.Clone(coming.Upgrade), known); len(newer) > 0 {
		parts = append(parts, "a newer "+strings.Join(namesOf(newer), ", "))
	}
	if cost.Download > 0 {
		parts = append(parts, Size(cost.Download)+" to fetch")
	}
	switch {
	case cost.Disk > 0:
		parts = append(parts, Size(cost.Disk)+" on disk")
	case cost.Disk < 0:
		parts = append(parts, Size(-cost.Disk)+" less on disk")
	}
	return strings.Join(parts, ", ")
}

func namesOf(changes []apt.Change) (names []string) {
	for _, c := range changes {
		names = append(names, c.Package.Name.String())
	}
	return names
}

// kernelsAmong gives the releases of the kernels among packages.
func kernelsAmong(changes []apt.Change) (releases []string) {
	for _, name := range namesOf(changes) {
		if release := imageRelease(name); release != "" {
			releases = append(releases, release)
		}
	}
	return kernel.SortReleases(releases)
}

// tellKept says where dpkg has left the administrator's file alone, and where the package's is.
func (at *aptTool) tellKept(conffile string) {
	at.say.note("kept", "%s as you have it; the package's version is %[1]s.dpkg-dist", conffile)
}
