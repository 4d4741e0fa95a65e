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

// Archived tells which of some packages the archives have that apt's lists are of, whatever is installed.
func (c Config) Archived(ctx context.Context, names ...word.Package) (map[word.Package]bool, error) {
	found := map[word.Package]bool{}
	if len(names) == 0 {
		return found, nil
	}
	out, err := c.output(ctx, append([]string{"apt-cache", "madison", "--"}, word.Strings(names...)...)...)
	if err != nil {
		return nil, fmt.Errorf("ask apt for packages in its lists: %w", err)
	}
	for _, o := range parseMadison(string(out)) {
		found[o.Package] = true
	}
	return found, nil
}
