package catalog

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"pault.ag/go/debian/version"

	"mago/debpkg/word"
)

// Offer is a version of a package that apt's lists have, whatever its candidate is.
type Offer struct {
	Package word.Package
	Version word.Version
	Suite   string // such as bookworm-backports
}

// Newer gives the versions of a package that apt could fetch and that are newer than one, the newest first.
func (c Config) Newer(ctx context.Context, name word.Package, than word.Version) ([]Offer, error) {
	out, err := c.output(ctx, "apt-cache", "madison", "--", name.String())
	if err != nil {
		return nil, fmt.Errorf("ask apt for the versions of %s: %w", name, err)
	}
	offers := parseMadison(string(out))
	offers = slices.DeleteFunc(offers, func(o Offer) bool { return o.Package != name || compare(o.Version, than) <= 0 })
	slices.SortStableFunc(offers, func(a, b Offer) int { return compare(b.Version, a.Version) })
	return offers, nil
}

// parseMadison reads the output of apt-cache madison for binary packages: name, version and place, separated by bars. It
// ignores lines of another form.
func parseMadison(out string) []Offer {
	var offers []Offer
	for line := range strings.Lines(out) {
		columns := strings.Split(line, "|")
		if len(columns) != 3 {
			continue
		}
		place := strings.Fields(columns[2]) // the archive's address, suite/component, architecture, "Packages"
		if len(place) != 4 || place[3] != "Packages" {
			continue
		}
		name, nameErr := word.ParsePackage(strings.TrimSpace(columns[0]))
		version, versionErr := word.ParseVersion(strings.TrimSpace(columns[1]))
		suite, _, _ := strings.Cut(place[1], "/")
		if nameErr == nil && versionErr == nil {
			offers = append(offers, Offer{name, version, suite})
		}
	}
	return offers
}

// compare orders versions as dpkg does; what is not a version comes first.
func compare(a, b word.Version) int {
	va, _ := version.Parse(a.String())
	vb, _ := version.Parse(b.String())
	return version.Compare(va, vb)
}
