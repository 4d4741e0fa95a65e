package catalog

import (
	"context"
	"fmt"
	"regexp"

	"mago/debpkg/word"
)

var compilerPackage = regexp.MustCompile(`(?m)^((?:gcc|clang)(?:-[0-9.]+)?) - `)

// Compilers lists the packages of compilers that apt has.
func Compilers(ctx context.Context, c Config) ([]word.Package, error) {
	output, err := c.output(ctx, "apt-cache", "search", "--names-only", "--", `^(gcc|clang)(-[0-9.]+)?$`)
	if err != nil {
		return nil, fmt.Errorf("ask apt for compilers: %w", err)
	}
	var all []word.Package
	for _, m := range compilerPackage.FindAllSubmatch(output, -1) {
		name, err := word.ParsePackage(string(m[1]))
		if err != nil {
			return nil, err
		}
		all = append(all, name)
	}
	return all, nil
}
