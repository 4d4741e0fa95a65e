package debian

import (
	"context"
	"os"
	"time"
)

// Prepared gives the directory of a system with the newest kernel's headers, a compiler, make, and the user that mago
// builds as. Tests of real builds use it, read-only, and leave it as it is; once a day it is made anew.
func (s *Store) Prepared(ctx context.Context) (string, error) {
	sys, stamp := s.system("prepared"), s.system("prepared.stamp").Dir
	if info, err := os.Stat(stamp); err == nil && time.Since(info.ModTime()) < 24*time.Hour {
		return sys.Dir, nil
	}
	if err := os.RemoveAll(stamp); err != nil {
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
	kernel, err := sys.NewestKernel(ctx)
	if err != nil {
		return "", err
	}
	for _, args := range [][]string{
		{"apt-get", "install", "--yes", "--no-install-recommends", "linux-headers-" + kernel, "gcc", "make", "patch", "xz-utils", "zstd", "kmod", "bubblewrap", "fakeroot", "debhelper"},
		{"useradd", "--system", "--user-group", "--no-create-home", "--home-dir", "/nonexistent", "mago-build"},
	} {
		if _, err := sys.Run(ctx, args...); err != nil {
			return "", err
		}
	}
	return sys.Dir, os.WriteFile(stamp, nil, 0o644)
}
