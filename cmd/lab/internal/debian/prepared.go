package debian

import (
	"context"
	"time"
)

// Prepared gives the directory of a system with the newest kernel's headers, a compiler, make, and the user that mago
// builds as. Tests of real builds use it, read-only, and leave it as it is. It is made anew once a day, and where this package has changed.
func (s *Store) Prepared(ctx context.Context) (string, error) {
	stamp, err := s.stamp("prepared")
	if err != nil {
		return "", err
	}
	if since, ok := stamp.holds(); ok && time.Since(since) < 24*time.Hour {
		return s.system("prepared").Dir, nil
	}
	if err := stamp.clear(); err != nil {
		return "", err
	}
	sys, err := s.Fresh(ctx, "prepared")
	if err != nil {
		return "", err
	}
	if _, err := sys.Run(ctx, "apt-get", "update"); err != nil {
		return "", err
	}
	if err := s.KeepLists(ctx, sys); err != nil {
		return "", err
	}
	kernels, err := sys.Kernels(ctx)
	if err != nil {
		return "", err
	}
	if err := sys.RunAll(ctx,
		[]string{"apt-get", "install", "--yes", "--no-install-recommends", "linux-headers-" + kernels[0], "gcc", "make", "patch", "xz-utils", "zstd", "kmod", "bubblewrap", "fakeroot", "debhelper"},
		[]string{"useradd", "--system", "--user-group", "--no-create-home", "--home-dir", "/nonexistent", "mago-build"},
	); err != nil {
		return "", err
	}
	return sys.Dir, stamp.set()
}
