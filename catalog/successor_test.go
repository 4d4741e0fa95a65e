package catalog

import (
	"testing"

	"mago/debpkg/word"
)

func TestSuccessor(t *testing.T) {
	ix := mustUpdate(t, newRoot(t))
	for name, test := range map[string]struct {
		pkg, description, depends string
		want                      string
	}{
		"renamed":           {"old-dkms", "transitional package for zfs", "zfs-dkms (>= 2)", "zfs"},
		"capitals":          {"old-dkms", "ZFS (Transitional)", "zfs-dkms | zfs-modules, dkms", "zfs"},
		"by what it brings": {"old-dkms", "dummy package for upgrades", "zfs-modules", "zfs"},
		"a module":          {"old-dkms", "the old module", "zfs-dkms", ""},
		"no successor":      {"old-dkms", "transitional package", "zfsutils", ""},
		"several":           {"old-dkms", "transitional package", "zfs-dkms, dahdi-dkms", ""},
		"itself":            {"zfs-source", "transitional package", "zfs-dkms", ""},
		"a dummy device":    {"old-dkms", "dummy video device", "zfs-dkms", ""},
	} {
		p := Package{Name: word.Must(word.ParsePackage(test.pkg)), Description: test.description, Depends: test.depends}
		if m, ok := ix.Successor(p); m.Name != test.want || ok != (test.want != "") {
			t.Errorf("%s: %s, %v", name, m.Name, ok)
		}
	}
}
