package catalog

import (
	"bytes"
	"context"
	"fmt"
	"regexp"
)

// headersPackage is a package of one kernel's headers; the meta packages, and the halves that kernels share
// (linux-headers-6.1.0-56-common), name no release.
var headersPackage = regexp.MustCompile(`(?m)^linux-headers-(\d+\.\d+\.\d+\S*) - `)

// HeaderReleases lists the kernel releases that apt has headers for, in no order.
func HeaderReleases(ctx context.Context, c Config) ([]string, error) {
	output, err := c.output(ctx, "apt-cache", "search", "--names-only", `^linux-headers-[0-9]`)
	if err != nil {
		return nil, fmt.Errorf("ask apt for kernel headers: %w", err)
	}
	var releases []string
	for _, m := range headersPackage.FindAllSubmatch(output, -1) {
		if release := m[1]; !bytes.HasSuffix(release, []byte("-common")) && !bytes.HasSuffix(release, []byte("-common-rt")) && !bytes.HasSuffix(release, []byte("-all")) {
			releases = append(releases, string(release))
		}
	}
	return releases, nil
}
