package engine

import (
	"fmt"
	"slices"
	"strings"

	"mago/cmd/mago/internal/modpkg"
	"mago/debpkg/apt"
	"mago/debpkg/rooted"
	"mago/kbuild/kernel"
)

// installed is what dpkg's status says; forgetInstalled has it read again after dpkg has run.
func (pk *packages) installed() (*apt.Status, error) {
	return pk.known.status.get(pk.known.changes.Load(), func() (*apt.Status, error) {
		pk.known.stamp.Store(apt.StatusStamp(rooted.Root(pk.Root)))
		return apt.ReadStatus(rooted.Root(pk.Root))
	})
}

func (b *base) forgetInstalled() { b.known.changes.Add(1) }

// notice forgets what is installed where another process has had dpkg change that since it was read.
func (b *base) notice() {
	now := apt.StatusStamp(rooted.Root(b.Root))
	if before := b.known.stamp.Swap(now); before != nil && before != now {
		b.forgetInstalled()
	}
}

// installedPackage is a package as dpkg has it; without a version it has none. A status that could be read once, and not again,
// counts as it was: dpkg and apt-get, which change it, are run by whoever reads it first.
func (pk *packages) installedPackage(name string) apt.Installed {
	status, err := pk.installed()
	if err != nil {
		status = pk.known.status.value()
	}
	p, _ := status.Installed(name)
	return p
}

func (pk *packages) packageVersion(name string) string { return pk.installedPackage(name).Version }

// ofRelease lists the installed packages that may be a kernel's: its release is in their names or in what they provide. Debian's
// headers come first.
func (pk *packages) ofRelease(release string) []kernel.Package {
	status, err := pk.installed()
	if err != nil {
		status = pk.known.status.value()
	}
	var all []kernel.Package
	spelled := modpkg.Spell(release)
	for p := range status.All() {
		module, _ := modpkg.ParseName(p.Package)
		switch {
		case p.Package == "linux-headers-"+spelled:
			all = slices.Insert(all, 0, kernel.Package{Name: p.Package, Version: p.Version})
		case module == "" && strings.Contains(p.Package+" "+p.Provides, spelled):
			all = append(all, kernel.Package{Name: p.Package, Version: p.Version})
		}
	}
	return all
}

// architecture is dpkg's own, as its status records it.
func (pk *packages) architecture() (string, error) {
	status, err := pk.installed()
	if err != nil {
		return "", err
	}
	p, ok := status.Installed("dpkg")
	if !ok {
		return "", fmt.Errorf("find the architecture: dpkg is not installed under %s", pk.Root)
	}
	return p.Architecture, nil
}

// modulesPackage is an installed package of modules for one kernel.
type modulesPackage struct {
	module, release string
	apt.Installed
}

// installedPackages finds the installed packages of modules by their names.
func (pk *packages) installedPackages() ([]modulesPackage, error) {
	status, err := pk.installed()
	if err != nil {
		return nil, err
	}
	var found []modulesPackage
	for p := range status.All() {
		if module, release := modpkg.ParseName(p.Package); release != "" {
			found = append(found, modulesPackage{module, release, p})
		}
	}
	return found, nil
}
