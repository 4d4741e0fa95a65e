package engine

import (
	"cmp"
	"time"

	"mago/cmd/mago/internal/modpkg"
)

// MaintainerIn is whom the environment names, as module-assistant has it; "" unless it has a name and an address.
func MaintainerIn(getenv func(string) string) string {
	name := cmp.Or(getenv("KMAINT"), getenv("DEBFULLNAME"), getenv("DEBNAME"))
	email := cmp.Or(getenv("KEMAIL"), getenv("DEBEMAIL"))
	if name == "" || email == "" {
		return ""
	}
	return name + " <" + email + ">"
}

// maintainerOf is whom the environment or the configuration names, else the source package's maintainer.
func (b *base) maintainerOf(t target) string {
	source := ""
	if t.pkg != nil {
		source = t.pkg.Maintainer
	}
	return cmp.Or(b.Of(t.name).Maintainer, source, "Local Administrator <nobody@mago.invalid>")
}

// buildEpoch is the date in everything built: SOURCE_DATE_EPOCH where it is set, else the source's own.
func (b *base) buildEpoch(t target) time.Time {
	if !b.Date.IsZero() {
		return b.Date
	}
	return t.tree.ModTime.UTC().Truncate(time.Second)
}

// settings are the user's and the machine's part of a target's packages.
func (bu *builder) settings(t target) (modpkg.Settings, error) {
	arch, err := bu.pkgs.architecture()
	return modpkg.Settings{Maintainer: bu.maintainerOf(t), Date: bu.buildEpoch(t), Architecture: arch}, err
}
