package engine

import (
	"fmt"

	"mago/debpkg/apt"
	"mago/debpkg/rooted"
)

// installed is what dpkg's status says; forgetInstalled has it read again after dpkg has run.
func (pk *packages) installed() (*apt.Status, error) {
	if now := pk.changes.Load(); pk.status == nil || now != pk.readAt {
		pk.status, pk.readAt = nil, now
	} else {
		return pk.status, nil
	}
	status, err := apt.ReadStatus(rooted.Root(pk.Root))
	pk.status = status
	return status, err
}

func (b *base) forgetInstalled() { b.changes.Add(1) }

// installedPackage is a package as dpkg has it; without a version it has none.
func (pk *packages) installedPackage(name string) apt.Installed {
	status, err := pk.installed()
	if err != nil {
		return apt.Installed{}
	}
	p, _ := status.Installed(name)
	return p
}

func (pk *packages) packageVersion(name string) string { return pk.installedPackage(name).Version }

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
