package engine

import (
	"mago/cmd/mago/internal/store"
	"mago/debpkg"
)

// commonToInstall gives the package of common files to install with a build's own, "" where the installed one serves.
func (it *installer) commonToInstall(u unit, built store.Record) (deb string) {
	c := built.Common
	if c == nil {
		return ""
	}
	have := it.pkgs.installedPackage(c.Package)
	newer := debpkg.CompareVersions(have.Version, c.Version)
	remade := it.forced(u.target) || u.digest != "" // of one version there may be several then
	if it.usableInstalled(have) && (newer > 0 || newer == 0 && !remade) {
		return ""
	}
	return c.Deb
}
