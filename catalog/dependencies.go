package catalog

import (
	"bytes"
	"context"
	"fmt"

	"mago/debpkg/control"
	"mago/debpkg/word"
)

// Dependencies gives the Depends of packages as apt's candidates have them, by name. A package that apt does not know is left out.
func Dependencies(ctx context.Context, c Config, names ...word.Package) (map[string]string, error) {
	depends := map[string]string{}
	if len(names) == 0 {
		return depends, nil
	}
	argv := append([]string{"apt-cache", "show", "--no-all-versions", "-o", "APT::Cmd::Pattern-Only=true", "--"}, word.Strings(names...)...)
	output, err := c.output(ctx, argv...)
	if err != nil {
		return nil, fmt.Errorf("ask apt what packages depend on: %w", err)
	}
	s := control.NewScanner(bytes.NewReader(output), "apt-cache show")
	for s.Scan() {
		depends[string(s.Field("Package"))] = string(s.Field("Depends"))
	}
	return depends, s.Err()
}
