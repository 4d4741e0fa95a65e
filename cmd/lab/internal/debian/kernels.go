package debian

import (
	"context"
	"fmt"
	"maps"
	"regexp"
	"runtime"
	"slices"
	"strings"
)

// flavoured splits a kernel release into its series (6.12), the rest of its version, and its flavour ("" is plain).
var flavoured = regexp.MustCompile(`^([0-9]+\.[0-9]+)(\.[0-9]\S*?)-(?:(cloud|rt)-)?` + runtime.GOARCH + `$`)

// Kernels are releases that apt has both headers and an image of: the newest of every flavour of the oldest series,
// which is the one that Debian was released with, and the newest plain one of each later series.
func (s *System) Kernels(ctx context.Context) ([]string, error) {
	out, err := s.Run(ctx, "apt-cache", "search", "--names-only", `^linux-(headers|image)-[0-9].*-`+runtime.GOARCH+`$`)
	if err != nil {
		return nil, err
	}
	all := newestKernels(out)
	if len(all) == 0 {
		return nil, fmt.Errorf("apt has no kernel in:\n%s", out)
	}
	return all, nil
}

// newestKernels chooses from apt-cache's lines of names.
func newestKernels(lines string) []string {
	newest := map[string]map[string]string{} // series, flavour, release
	for release, n := range headersAndImages(lines) {
		parts := flavoured.FindStringSubmatch(release)
		if n != 2 || parts == nil {
			continue
		}
		series, flavour := parts[1], parts[3]
		if newest[series] == nil {
			newest[series] = map[string]string{}
		}
		if compareReleases(release, newest[series][flavour]) > 0 {
			newest[series][flavour] = release
		}
	}
	var all []string
	for i, series := range slices.SortedFunc(maps.Keys(newest), compareReleases) {
		for _, flavour := range []string{"", "cloud", "rt"} {
			if release, ok := newest[series][flavour]; ok && (i == 0 || flavour == "") {
				all = append(all, release)
			}
		}
	}
	return all
}

// compareReleases goes by the numbers that the architecture's name does not hold.
func compareReleases(a, b string) int {
	plain := func(release string) []int { return numbers(strings.TrimSuffix(release, "-"+runtime.GOARCH)) }
	return slices.Compare(plain(a), plain(b))
}

// headersAndImages counts for each release its two kinds of packages.
func headersAndImages(lines string) map[string]int {
	kinds := map[string]int{}
	for line := range strings.Lines(lines) {
		name, _, _ := strings.Cut(strings.TrimSpace(line), " ")
		kinds[strings.TrimPrefix(strings.TrimPrefix(name, "linux-headers-"), "linux-image-")]++
	}
	return kinds
}
