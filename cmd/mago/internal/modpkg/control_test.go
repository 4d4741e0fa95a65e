package modpkg

import (
	"testing"

	"mago/sources"
)

func TestOrigin(t *testing.T) {
	u := zfs()
	for _, c := range []struct {
		origin          sources.Origin
		unauthenticated bool
		edited          bool
		want            string
	}{
		{sources.Archive, false, false, "zfs-dkms 1:2.1.11-1+deb12u1"},
		{sources.Archive, true, false, "zfs-dkms 1:2.1.11-1+deb12u1, out of an archive without a checked signature"},
		{sources.Archive, true, true, "zfs-dkms 1:2.1.11-1+deb12u1, as it lay opened and maybe edited in mago's cache"},
		{sources.Host, true, false, "zfs-dkms 1:2.1.11-1+deb12u1, as it lay in /usr/src"},
	} {
		u.Tree.Origin, u.Unauthenticated, u.Edited = c.origin, c.unauthenticated, c.edited
		if got := u.origin(); got != c.want {
			t.Errorf("%+v: %s", c, got)
		}
	}
	u.Package, u.Tree, u.SHA256, u.Version = nil, &sources.Tree{Origin: sources.Tarball}, "4567", "1.0"
	if got, want := u.origin(), "a local tarball, version 1.0, that came from no archive and has the SHA-256 4567"; got != want {
		t.Errorf("got %s", got)
	}
}
