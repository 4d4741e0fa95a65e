package apt

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"mago/debpkg/rooted"
)

// TestCheckConffiles: what dpkg's journal says counts, and nothing is read out of the root.
func TestCheckConffiles(t *testing.T) {
	const sum = "0f343b0931126a20f133d67c2b018a3b" // of 1024 NULs
	zeros := string(make([]byte, 1024))
	root := testRoot(t, "Package: two\nStatus: install ok installed\nArchitecture: i386\nMulti-Arch: same\nVersion: 1\nConffiles:\n /etc/other "+sum+"\n\n"+
		"Package: dpkg\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1\n\n"+
		"Package: Two\nStatus: install ok installed\nArchitecture: amd64\nMulti-Arch: same\nVersion: 1\n")
	writeFile(t, filepath.Join(root, "var/lib/dpkg/updates/0001"), "Package: two\nStatus: install ok installed\nArchitecture: amd64\nMulti-Arch: same\nVersion: 2\nConffiles:\n"+
		" /etc/same "+sum+"\n /etc/a b "+sum+"\n /etc/edited "+sum+"\n /etc/gone "+sum+"\n /etc/new newconffile\n"+
		" /etc/old "+sum+" obsolete\n /etc/older "+sum+" remove-on-upgrade\n /etc/linked/in "+sum+"\n /etc/out/file "+sum+"\n")
	for _, name := range []string{"same", "a b", "new", "real/in"} {
		writeFile(t, filepath.Join(root, "etc", name), zeros)
	}
	writeFile(t, filepath.Join(root, "etc/edited"), "x")
	writeFile(t, filepath.Join(root, "etc/old"), "x")
	outside := t.TempDir()
	writeFile(t, filepath.Join(outside, "file"), zeros)
	mustLink(t, "/etc/real", filepath.Join(root, "etc/linked"))
	mustLink(t, outside, filepath.Join(root, "etc/out"))
	status, err := ReadStatus(rooted.Root(root))
	if err != nil {
		t.Fatal(err)
	}
	p, _ := status.Installed("two")
	edited, obsolete := p.CheckConffiles(rooted.Root(root))
	if want := []string{"/etc/edited", "/etc/gone", "/etc/new", "/etc/out/file"}; !slices.Equal(edited, want) {
		t.Errorf("edited: %q, want %q", edited, want)
	}
	if want := []string{"/etc/old", "/etc/older"}; !slices.Equal(obsolete, want) {
		t.Errorf("obsolete: %q, want %q", obsolete, want)
	}
}

func mustLink(t *testing.T, to, path string) {
	t.Helper()
	if err := os.Symlink(to, path); err != nil {
		t.Fatal(err)
	}
}
