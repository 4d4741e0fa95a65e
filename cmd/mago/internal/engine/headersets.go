package engine

import (
	"context"
	"maps"
	"regexp"
	"slices"
	"strings"

	"mago/catalog"
	"mago/debpkg/apt"
	"mago/debpkg/relation"
	"mago/debpkg/word"
)

// headerSet are the packages that the headers of a kernel take, as apt has them: the one that is called after the kernel, the
// halves that it shares with others, and what their programs need to run and is not installed here. No compiler is among them, and
// no kernel.
type headerSet struct {
	release  string
	debs     []apt.Deb
	compiler string // the one that the headers depend on, "" where they name none
}

// compiler matches it, in gcc-14 as in linux-compiler-gcc-12-x86.
var compiler = regexp.MustCompile(`\b(?:gcc|clang)-\d+\b`)

// headersPart matches those dependencies of headers that are parts of them.
var headersPart = regexp.MustCompile(`(?:^|-)headers-|^linux-kbuild-`)

// library matches those of the others that their programs need to run: not a compiler, nor the kernel itself.
var library = regexp.MustCompile(`^(?:lib[a-z0-9]|pahole$)`)

// offeredHeaders gives the sets of releases as far as apt can fetch their headers.
func (hc *headerCache) offeredHeaders(ctx context.Context, releases []string) (map[string]headerSet, error) {
	first := map[string]word.Package{}
	for _, release := range releases {
		name, err := hc.apt.headersPackage(ctx, release)
		if err != nil {
			return nil, err
		}
		if !name.IsZero() {
			first[release] = name
		}
	}
	known := map[word.Package]catalog.Binary{}
	for wanted := withLikelyParts(first); len(wanted) > 0; {
		some, err := catalog.Binaries(ctx, hc.apt.catalogConfig(), wanted...)
		if err != nil {
			return nil, err
		}
		maps.Copy(known, some)
		if wanted, err = hc.neededBy(some, known); err != nil {
			return nil, err
		}
	}
	sets := map[string]headerSet{}
	for release, name := range first {
		debs, err := hc.closure(name, known)
		if err != nil {
			return nil, err
		}
		if len(debs) > 0 {
			sets[release] = headerSet{release, debs, compiler.FindString(known[name].Depends)}
		}
	}
	return sets, nil
}

// debianRelease matches a release of Debian's, with what its flavours share and its series.
var debianRelease = regexp.MustCompile(`^((\d+\.\d+)(?:\.\d+)*(?:-\d+|\+[^-]+))-`)

// withLikelyParts adds to the headers of releases what Debian's need by its names: apt is then called once for all. Parts that are
// not needed do no harm, nor does it that other archives call theirs otherwise.
func withLikelyParts(first map[string]word.Package) (names []word.Package) {
	for release, name := range first {
		names = append(names, name)
		m := debianRelease.FindStringSubmatch(release)
		if m == nil {
			continue
		}
		for _, part := range []string{"linux-headers-" + m[1] + "-common", "linux-kbuild-" + m[1], "linux-kbuild-" + m[2]} {
			if p, err := word.ParsePackage(part); err == nil {
				names = append(names, p)
			}
		}
	}
	word.Sort(names)
	return slices.Compact(names)
}

// neededBy are the packages that some need and that are not known yet.
func (hc *headerCache) neededBy(some, known map[word.Package]catalog.Binary) (wanted []word.Package, err error) {
	for _, b := range some {
		parts, err := hc.partsOf(b)
		if err != nil {
			return nil, err
		}
		for _, name := range parts {
			if _, ok := known[name]; !ok && !slices.Contains(wanted, name) {
				wanted = append(wanted, name)
			}
		}
	}
	word.Sort(wanted)
	return wanted, nil
}

// closure are a package and those that it needs, each once; none where apt has not got the package itself.
func (hc *headerCache) closure(name word.Package, known map[word.Package]catalog.Binary) (debs []apt.Deb, err error) {
	names := []word.Package{name}
	for i := 0; i < len(names); i++ {
		b, ok := known[names[i]]
		if !ok {
			continue // whoever misses it says so
		}
		debs = append(debs, apt.Deb{Target: word.Target{Name: b.Name, Version: b.Version, Architecture: b.Architecture}, SHA256: b.SHA256, Unauthenticated: b.Unauthenticated})
		parts, err := hc.partsOf(b)
		if err != nil {
			return nil, err
		}
		for _, part := range parts {
			if !slices.Contains(names, part) {
				names = append(names, part)
			}
		}
	}
	return debs, nil
}

// partsOf are the packages that one needs in the cache: parts of headers, installed or not, and what their programs need to run and
// is not installed.
func (hc *headerCache) partsOf(b catalog.Binary) (parts []word.Package, err error) {
	status, err := hc.pkgs.installed()
	if err != nil {
		return nil, err
	}
	unmet, _ := status.Unmet(b.Depends) // of what apt's lists have and nobody can read, nothing is needed
	ofHeaders := strings.Contains(b.Name.String(), "headers-")
	for _, field := range append(unmet, b.Depends) {
		for _, name := range relation.Names(field) {
			wanted := headersPart.MatchString(name) || field != b.Depends && (!ofHeaders || library.MatchString(name))
			if p, err := word.ParsePackage(name); err == nil && wanted && !slices.Contains(parts, p) {
				parts = append(parts, p)
			}
			if field != b.Depends {
				break // the first alternative
			}
		}
	}
	return parts, nil
}
