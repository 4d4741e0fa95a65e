package apt

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"mago/debpkg"
	"mago/debpkg/rooted"
)

// TestConffilesStay has the real dpkg install a second version of a package, which brings another conffile.
func TestConffilesStay(t *testing.T) {
	needs(t, "dpkg")
	if os.Getuid() != 0 {
		t.Skip("dpkg installs as root only")
	}
	const conf = "/etc/modprobe.d/example.conf"
	for _, c := range []struct {
		name   string
		before string // what is there before the first installation, "" for nothing
		edit   func(path string) error
		want   string
		kept   []string
	}{
		{"as it was", "", nil, "2", nil},
		{"edited", "", func(path string) error { return os.WriteFile(path, []byte("mine"), 0o644) }, "mine", []string{conf}},
		{"removed", "", os.Remove, "", []string{conf}},
		{"there before", "mine", nil, "mine", []string{conf, conf}},
		{"there before, the same", "1", nil, "2", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			root := emptyDpkgRoot(t)
			path := filepath.Join(root, conf)
			if c.before != "" {
				writeFile(t, path, c.before)
			}
			writeFile(t, filepath.Join(root, "etc/other.conf"+distSuffix), "of another run")
			var kept []string
			in := &Installer{Root: rooted.Root(root), NonInteractive: true, Run: dpkgInto(root), Kept: func(path string) { kept = append(kept, path) }}
			for _, version := range []string{"1", "2"} {
				p := testPackage()
				p.Control = withField(p.Control, "Version", version)
				p.Files, p.Conffiles = []debpkg.File{debpkg.Bytes(conf, []byte(version))}, []string{conf}
				deb, err := debpkg.Write(root, p, debpkg.Options{})
				if err != nil {
					t.Fatal(err)
				}
				if err := in.Install(context.Background(), deb); err != nil {
					t.Fatal(err)
				}
				if version == "1" && c.edit != nil {
					if err := c.edit(path); err != nil {
						t.Fatal(err)
					}
				}
			}
			if got, _ := os.ReadFile(path); string(got) != c.want || !slices.Equal(kept, c.kept) {
				t.Errorf("the file is %q, want %q; kept %q, want %q", got, c.want, kept, c.kept)
			}
			dist, err := os.ReadFile(path + distSuffix)
			if there := err == nil; there != (len(c.kept) > 0) || there && string(dist) != "2" {
				t.Errorf("beside it lies %q, %v", dist, err)
			}
		})
	}
}
