package catalog

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"mago/debpkg/word"
)

// candidates asks apt for the candidate version of each package, "" where pins leave none; packages that apt does not know are
// missing. lists is the host path of the lists that apt is to use. apt neither reads nor writes its cache, which would be one
// of other lists.
func (c Config) candidates(ctx context.Context, lists string, names []word.Package) (map[word.Package]word.Version, error) {
	all := map[word.Package]word.Version{}
	for some := range slices.Chunk(names, maxAsked) {
		found, err := c.policy(ctx, lists, some)
		if err != nil {
			return nil, fmt.Errorf("ask apt for candidate versions: %w", err)
		}
		maps.Copy(all, found)
	}
	return all, nil
}

// maxAsked is how many packages apt is asked about at a time: with the longest names they take a quarter of a command line.
const maxAsked = 4000

// policy asks apt-cache policy for named packages only; apt takes an unknown name for a regular expression.
func (c Config) policy(ctx context.Context, lists string, names []word.Package) (map[word.Package]word.Version, error) {
	argv := []string{"apt-cache", "policy", "-o", "Dir::State::lists=" + lists, "-o", "Dir::Cache::pkgcache=", "-o", "Dir::Cache::srcpkgcache=",
		"-o", "APT::Cmd::Pattern-Only=true", "--"}
	out, err := c.output(ctx, append(argv, word.Strings(names...)...)...)
	if err != nil {
		return nil, err
	}
	return parsePolicy(string(out))
}

// parsePolicy reads the output of apt-cache policy in the C locale for named packages: "name:" at the margin, and below,
// indented by two blanks, "Candidate:" with a version or "(none)".
func parsePolicy(out string) (map[word.Package]word.Version, error) {
	candidates := map[word.Package]word.Version{}
	name, number := "", 0
	for line := range strings.Lines(out) {
		number++
		line = strings.TrimSuffix(line, "\n")
		if header, ok := strings.CutSuffix(line, ":"); ok && header != "" && header[0] != ' ' {
			if name != "" {
				return nil, fmt.Errorf("parse apt-cache policy: line %d: %s has no candidate", number, name)
			}
			name = header
		} else if version, ok := strings.CutPrefix(line, "  Candidate: "); ok {
			if name == "" {
				return nil, fmt.Errorf("parse apt-cache policy: line %d: a candidate without a package", number)
			}
			if pkg, candidate, ok := parseCandidate(name, version); ok {
				candidates[pkg] = candidate
			}
			name = ""
		}
	}
	if name != "" {
		return nil, fmt.Errorf("parse apt-cache policy: line %d: %s has no candidate", number, name)
	}
	return candidates, nil
}

// parseCandidate ignores packages that were not asked for: those of another architecture are called name:architecture.
func parseCandidate(name, version string) (word.Package, word.Version, bool) {
	pkg, err := word.ParsePackage(name)
	if err != nil || version == "(none)" {
		return pkg, word.Version{}, err == nil
	}
	candidate, err := word.ParseVersion(version)
	return pkg, candidate, err == nil
}
