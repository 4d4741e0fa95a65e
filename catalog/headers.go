package catalog

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"mago/debpkg/relation"
	"mago/debpkg/word"
)

// Headers maps kernel releases to the packages of their headers.
type Headers map[word.Release]word.Package

// headersPackage is a package of one kernel's headers, whoever made it: linux-headers-6.1.0-56-amd64, proxmox-headers-6.8.12-4-pve.
// The meta packages name no whole release.
var headersPackage = regexp.MustCompile(`(?m)^((?:\S+-)?headers-(\d+\.\d+\.\d+\S*)) - `)

// shared are the ends of the halves that Debian's kernels share, and of a package that depends on all flavours.
var shared = regexp.MustCompile(`-(?:common|common-rt|all|all-\w+)$`)

// FindHeaders lists the kernel releases that apt has headers for. Of several packages for a release it takes the one that is called
// as Debian's are, else the first by name.
func FindHeaders(ctx context.Context, c Config) (Headers, error) {
	output, err := c.output(ctx, "apt-cache", "search", "--names-only", "--", `(^|-)headers-[0-9]`)
	if err != nil {
		return nil, fmt.Errorf("ask apt for kernel headers: %w", err)
	}
	all := Headers{}
	for _, m := range headersPackage.FindAllSubmatch(output, -1) {
		release, err1 := word.ParseRelease(string(m[2]))
		name, err2 := word.ParsePackage(string(m[1]))
		if err1 != nil || err2 != nil || shared.MatchString(release.String()) {
			continue
		}
		if had, ok := all[release]; !ok || name.String() == "linux-headers-"+release.String() || !strings.HasPrefix(had.String(), "linux-headers-") && name.String() < had.String() {
			all[release] = name
		}
	}
	return all, all.dropHalves(ctx, c)
}

// dropHalves takes out what only completes other headers: linux-headers-6.8.0-40, which linux-headers-6.8.0-40-generic depends on.
func (all Headers) dropHalves(ctx context.Context, c Config) error {
	halves := map[word.Release][]word.Package{} // to the packages of the releases that begin like them
	var longer []word.Package
	for release := range all {
		for other, name := range all {
			if strings.HasPrefix(other.String(), release.String()+"-") {
				halves[release] = append(halves[release], name)
				longer = append(longer, name)
			}
		}
	}
	word.Sort(longer)
	depends, err := Dependencies(ctx, c, longer...)
	if err != nil {
		return err
	}
	for release, names := range halves {
		if slices.ContainsFunc(names, func(name word.Package) bool {
			return slices.Contains(relation.Names(depends[name.String()]), all[release].String())
		}) {
			delete(all, release)
		}
	}
	return nil
}

// Provider is a package that is, or provides, another one; none where apt knows none.
func Provider(ctx context.Context, c Config, name word.Package) (word.Package, error) {
	output, err := c.output(ctx, "apt-cache", "search", "--names-only", "--", "^"+regexp.QuoteMeta(name.String())+"$")
	if err != nil {
		return word.Package{}, fmt.Errorf("ask apt what provides %s: %w", name, err)
	}
	first, _, ok := strings.Cut(string(output), " - ")
	if !ok {
		return word.Package{}, nil
	}
	return word.ParsePackage(first)
}
