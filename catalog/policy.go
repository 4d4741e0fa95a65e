package catalog

import (
	"context"
	"fmt"
	"strings"
)

// candidates asks apt for the candidate version of each package, "" where pins leave none; packages that apt does not
// know are missing. lists is the host path of the lists that apt is to use. No cache is read or written: it would be
// one of other lists.
func (c Config) candidates(ctx context.Context, lists string, names []string) (map[string]string, error) {
	if len(names) == 0 {
		return nil, nil
	}
	argv := []string{"apt-cache", "policy", "-o", "Dir::State::lists=" + lists, "-o", "Dir::Cache::pkgcache=", "-o", "Dir::Cache::srcpkgcache="}
	out, err := c.output(ctx, append(argv, names...)...)
	if err != nil {
		return nil, fmt.Errorf("ask apt for candidate versions: %w", err)
	}
	candidates, err := parsePolicy(string(out))
	if err != nil {
		return nil, fmt.Errorf("ask apt for candidate versions: %w", err)
	}
	return candidates, nil
}

// parsePolicy reads what apt-cache policy prints in the C locale for named packages: "name:" at the margin, and below,
// by two blanks, "Candidate:" with a version or "(none)".
func parsePolicy(out string) (map[string]string, error) {
	candidates := map[string]string{}
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
				return nil, fmt.Errorf("parse apt-cache policy: line %d: a candidate of no package", number)
			}
			if version == "(none)" {
				version = ""
			}
			candidates[name], name = version, ""
		}
	}
	if name != "" {
		return nil, fmt.Errorf("parse apt-cache policy: line %d: %s has no candidate", number, name)
	}
	return candidates, nil
}
