// Package releases knows which kernels of a Debian follow one another.
package releases

import (
	"context"
	"regexp"
	"runtime"
	"slices"

	"mago/cmd/lab/internal/debian"
	"mago/kbuild/kernel"
)

// plain is a headers' or an image's package of a kernel without a flavour, and its release.
var plain = regexp.MustCompile(`(?m)^linux-(?:headers|image)-([0-9.]+(?:\+deb[0-9.]+|-[0-9]+)-` + runtime.GOARCH + `) `)

// Plain are the releases of plain kernels that apt has both headers and an image of, the newest first.
func Plain(ctx context.Context, sys *debian.System) ([]string, error) {
	out, err := sys.Run(ctx, "apt-cache", "search", "--names-only", `^linux-(headers|image)-[0-9].*-`+runtime.GOARCH+`$`)
	return in(out), err
}

// in chooses them from apt-cache's lines.
func in(lines string) (all []string) {
	kinds := map[string]int{}
	for _, m := range plain.FindAllStringSubmatch(lines, -1) {
		if kinds[m[1]]++; kinds[m[1]] == 2 {
			all = append(all, m[1])
		}
	}
	all = kernel.SortReleases(all)
	slices.Reverse(all)
	return all
}
