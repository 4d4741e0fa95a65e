package catalog

import (
	"bytes"
	"context"
	"fmt"
	"regexp"

	"mago/debpkg/word"
)

// headersPackage is a package of one kernel's headers; the meta packages, and the halves that kernels share
// (linux-headers-6.1.0-56-common), name no release.
var headersPackage = regexp.MustCompile(`(?m)^linux-headers-(\d+\.\d+\.\d+\S*) - `)

// HeaderReleases lists the kernel releases that apt has headers for, in no order.
func HeaderReleases(ctx context.Context, c Config) ([]word.Release, error) {
	output, err := c.output(ctx, "apt-cache", "search", "--names-only", "--", `^linux-headers-[0-9]`)
	if err != nil {
		return nil, fmt.Errorf("ask apt for kernel headers: %w", err)
	}
	var releases []word.Release
	for _, m := range headersPackage.FindAllSubmatch(output, -1) {
		release, err := word.ParseRelease(string(m[1]))
		if err == nil && !bytes.HasSuffix(m[1], []byte("-common")) && !bytes.HasSuffix(m[1], []byte("-common-rt")) && !bytes.HasSuffix(m[1], []byte("-all")) {
			releases = append(releases, release)
		}
	}
	return releases, nil
}
