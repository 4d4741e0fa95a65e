package bench

import (
	"context"
	"fmt"
	"strings"
)

// headersContest has the packages of one kernel's headers put where builds find them: into mago's cache, and by apt-get into the
// system. Both have the .debs in apt's archive cache, and both see to it that what they write is on the disk, which the prepared
// system's dpkg.cfg spares dpkg elsewhere.
func (l *lab) headersContest() contest {
	release := "linux-headers-" + l.kernel
	install := []string{"apt-get", "install", "--yes", "--no-install-recommends", "-o", "Dpkg::Options::=--no-force-unsafe-io", release}
	return contest{
		lines:   []line{{what: "headers, -common and kbuild of one kernel, against `apt-get install`", aim: "0.50"}},
		prepare: l.downloadHeaders, before: l.removeHeaders,
		mago: l.on("mago", "-l", l.kernel, "get", "v4l2loopback"), peer: l.on(install...),
	}
}

// headerPackages are the packages of the kernel's headers, as a shell writes them.
func (l *lab) headerPackages() string {
	version, _, _ := strings.Cut(l.kernel, "-")
	parts := strings.SplitN(version, ".", 3)
	common := l.kernel[:strings.LastIndex(l.kernel, "-")]
	return fmt.Sprintf("linux-headers-%s linux-headers-%s-common linux-kbuild-%s.%s", l.kernel, common, parts[0], parts[1])
}

func (l *lab) downloadHeaders(ctx context.Context) error {
	_, err := l.Run(ctx, "sh", "-c", "apt-get install --yes --download-only --reinstall "+l.headerPackages())
	return err
}

// removeHeaders leaves the headers neither installed nor in the cache. The peer installs them again.
func (l *lab) removeHeaders(ctx context.Context) error {
	_, err := l.Run(ctx, "sh", "-c", "dpkg --purge --force-depends "+l.headerPackages()+" && rm -rf /var/cache/mago/headers && sync")
	return err
}
