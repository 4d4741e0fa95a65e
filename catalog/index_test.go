package catalog

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"mago/debpkg/word"
)

const indexPath = "/var/cache/mago/" + indexName

func TestOpenNoIndex(t *testing.T) {
	r := newRoot(t)
	for name, text := range map[string]string{"damaged": `{"Format":1,"Mod`, "other format": `{"Format":99}`, "empty": "", "missing": "-"} {
		r.write(indexPath, text)
		if name == "missing" {
			r.remove(indexPath)
		}
		if _, err := Open(r.config()); !errors.Is(err, ErrNoIndex) || !strings.Contains(err.Error(), r.path(indexPath)) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Open takes what is installed from dpkg each time, not from the index.
func TestOpenStatus(t *testing.T) {
	r := newRoot(t)
	r.write(statusFile, `Package: zfs-dkms
Status: install ok installed
Version: 2.1.9-1
Architecture: all

Package: jool-dkms
Status: deinstall ok config-files
Version: 4.0
Architecture: all

Package: evdi-dkms
Status: install reinstreq half-installed
Version: 1.0
Architecture: all

Package: local-dkms
Status: install ok installed
Version: 0.1
Architecture: all
`)
	r.policy["zfs-dkms"] = "2.1.11-1+deb12u1"
	mustUpdate(t, r)
	check := func(name, version, installed string) {
		t.Helper()
		ix, err := Open(r.config())
		if err != nil {
			t.Fatal(err)
		}
		p := ix.pkg(name)
		if p == nil && version+installed == "" {
			return
		}
		if p == nil || p.Version.String() != version || p.Installed.String() != installed {
			t.Errorf("%s: %+v, want version %q, installed %q", name, p, version, installed)
		}
	}
	check("zfs-dkms", "2.1.11-1+deb12u1", "2.1.9-1")
	check("jool-dkms", "4.1.9-1", "")
	check("evdi-dkms", "1.12.0+dfsg-0.3", "")
	if ix, err := Open(r.config()); err != nil || !ix.pkg("evdi-dkms").Damaged || ix.pkg("zfs-dkms").Damaged {
		t.Errorf("evdi-dkms is half-installed, alone: %v", err)
	}
	check("local-dkms", "0.1", "0.1")
	check("later-source", "", "")

	r.write(statusFile, "Package: later-source\nStatus: install ok installed\nVersion: 5\nArchitecture: all\nSection: kernel\n")
	check("zfs-dkms", "2.1.11-1+deb12u1", "")
	check("local-dkms", "", "")
	check("later-source", "5", "5")

	r.remove(statusFile)
	check("later-source", "", "")
}

func TestOpenDamagedStatus(t *testing.T) {
	r := newRoot(t)
	mustUpdate(t, r)
	r.write(statusFile, "Package: a-dkms\nStatus: install ok installed\nVersion\n")
	if _, err := Open(r.config()); err == nil || !strings.Contains(err.Error(), "/dpkg/status: line 3: ") {
		t.Errorf("got %v", err)
	}
}

func TestStale(t *testing.T) {
	list := listsDir + "/mirror_debian_dists_bookworm_contrib_binary-amd64_Packages.xz"
	tests := []struct {
		name   string
		change func(*testing.T, *root)
		want   bool
	}{
		{"nothing", func(*testing.T, *root) {}, false},
		{"list touched", func(t *testing.T, r *root) {
			if err := os.Chtimes(r.path(list), epoch, epoch.Add(time.Nanosecond)); err != nil {
				t.Fatal(err)
			}
		}, true},
		{"list gone", func(_ *testing.T, r *root) { r.remove(list) }, true},
		{"lists gone", func(_ *testing.T, r *root) { r.remove(listsDir) }, true},
		{"new list", func(_ *testing.T, r *root) { r.write(listsDir+"/x_Packages.lz4", "") }, true},
		{"new release", func(_ *testing.T, r *root) { r.write(listsDir+"/x_InRelease", "") }, true},
		{"new translation", func(_ *testing.T, r *root) { r.write(listsDir+"/x_Translation-en", "") }, false},
		{"preferences", func(_ *testing.T, r *root) { r.write("/etc/apt/preferences", "") }, true},
		{"preferences.d", func(_ *testing.T, r *root) { r.write("/etc/apt/preferences.d/x", "") }, true},
		{"sources.list", func(_ *testing.T, r *root) { r.write("/etc/apt/sources.list", "") }, true},
		{"sources.list.d", func(_ *testing.T, r *root) { r.write("/etc/apt/sources.list.d/x.sources", "") }, true},
		{"apt.conf", func(_ *testing.T, r *root) { r.write("/etc/apt/apt.conf", "") }, true},
		{"apt.conf.d", func(_ *testing.T, r *root) { r.write("/etc/apt/apt.conf.d/x", "") }, true},
		{"package installed", func(_ *testing.T, r *root) { r.write(statusFile, "Package: a-dkms\nStatus: install ok installed\n") }, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := newRoot(t)
			mustUpdate(t, r)
			tt.change(t, r)
			ix, err := Open(r.config())
			if err != nil {
				t.Fatal(err)
			}
			if got := ix.Stale(r.config()); got != tt.want {
				t.Errorf("Stale = %v, want %v", got, tt.want)
			}
		})
	}
}

func BenchmarkOpen(b *testing.B) {
	r := newRoot(b)
	mustUpdate(b, r)
	r.write(statusFile, strings.Repeat("Package: a\nStatus: install ok installed\nVersion: 1\nDescription: "+strings.Repeat("x", 1000)+"\n\n", 3000))
	for b.Loop() {
		if _, err := Open(r.config()); err != nil {
			b.Fatal(err)
		}
	}
}

// FuzzReadIndex: whatever the index file has become, it is refused with ErrNoIndex, upon which it is made anew, or every
// module in it is found by its name.
func FuzzReadIndex(f *testing.F) {
	for _, text := range []string{
		`{"Format":1,"Built":"2024-02-29T12:00:00Z","Inputs":"x","Modules":[{"Name":"a","Packages":[{"name":"a-dkms","kind":"dkms","version":"1"}]},{"Name":"b","Packages":[{"name":"b-source","kind":"module-assistant"}]}]}`,
		`{"Format":1,"Modules":[{"Name":"b","Packages":[{"name":"b-dkms","kind":"dkms"}]},{"Name":"a","Packages":[{"name":"a-dkms","kind":"dkms"}]}]}`,
		`{"Format":1,"Modules":[{"Name":"a"}]}`, `{"Format":1,"Modules":[{}]}`, `{"Format":2}`, "null", "", "{",
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		c := Config{Dir: t.TempDir()}
		if err := os.WriteFile(filepath.Join(c.Dir, indexName), data, 0o644); err != nil {
			t.Fatal(err)
		}
		ix, err := readIndex(c)
		if err != nil {
			if !errors.Is(err, ErrNoIndex) {
				t.Error(err)
			}
			return
		}
		for _, m := range ix.Modules {
			if found, ok := findModule(ix.Modules, m.Name); !ok || ix.Modules[found].Packages[0].Name != m.Packages[0].Name {
				t.Errorf("module %q is not found", m.Name)
			}
		}
		ix.mergeStatus(list{})
	})
}

// FuzzParseMadison: what is offered stands in the text, in whatever order the versions are put.
func FuzzParseMadison(f *testing.F) {
	f.Add("zfs-dkms | 2.1.11-1 | http://deb.example.org/debian bookworm/contrib amd64 Packages\nzfs-dkms | 2.1.11-1 | http://deb.example.org/debian bookworm/contrib Sources\n", "2.0")
	f.Add("a|:|b c d Packages", "1-")
	f.Fuzz(func(t *testing.T, text, version string) {
		for _, o := range parseMadison(text) {
			if !strings.Contains(text, o.Package.String()) || !strings.Contains(text, o.Version.String()) || !strings.Contains(text, o.Suite) {
				t.Errorf("%+v is not in the text", o)
			}
			if v, err := word.ParseVersion(version); err == nil && compare(o.Version, v) != -compare(v, o.Version) {
				t.Errorf("%q and %q are in no order", o.Version, version)
			}
		}
	})
}
