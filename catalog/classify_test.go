package catalog

import (
	"os"
	"strings"
	"testing"

	"mago/debpkg/control"
)

// The lists of testdata hold Debian 12's module sources and every package of main, contrib and non-free that is nearly
// one: all other -source, -src and -dkms, and all that depend on something with dkms in its name.
func TestGolden(t *testing.T) {
	want, err := os.ReadFile("testdata/golden.txt")
	if err != nil {
		t.Fatal(err)
	}
	lists, err := newRoot(t).config().readLists(t.Context(), amd64)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]bool{}
	for _, l := range lists {
		for _, s := range l.found {
			got[s.fields.Get("Package")+" "+string(s.kind)] = true
		}
	}
	for line := range strings.Lines(string(want)) {
		line = strings.TrimSpace(line)
		if !got[line] {
			t.Errorf("missing: %s", line)
		}
		delete(got, line)
	}
	for line := range got {
		t.Errorf("no module source: %s", line)
	}
}

func TestClassify(t *testing.T) {
	tests := []struct {
		name      string
		paragraph string
		want      Kind
	}{
		{"named", "Package: a-dkms", DKMS},
		{"depends", "Package: a\nDepends: libc6, dkms (>= 2.1)", DKMS},
		{"depends on another architecture's", "Package: a\nDepends: dkms:any", DKMS},
		{"alternative", "Package: a\nDepends: b | dkms", DKMS},
		{"pre-depends", "Package: a\nPre-Depends: dkms", DKMS},
		{"depends on a module source", "Package: a\nDepends: a-dkms | dkms-b", ""},
		{"recommends", "Package: a\nRecommends: dkms", ""},
		{"dkms wins", "Package: a-source\nSection: kernel\nDepends: dkms", DKMS},
		{"debhelper add-on", "Package: dh-dkms\nSection: kernel", ""},
		{"dkms itself", "Package: dkms\nSection: kernel", ""},
		{"module-assistant", "Package: a-source\nDepends: module-assistant", ModuleAssistant},
		{"src", "Package: a-src\nDepends: debhelper-compat (= 13)", ModuleAssistant},
		{"debhelper", "Package: a-source\nDepends: make, debhelper", ModuleAssistant},
		{"section", "Package: a-source\nSection: non-free/kernel", ModuleAssistant},
		{"other section", "Package: a-source\nSection: kernels\nDepends: debhelpers", ""},
		{"not named source", "Package: a-sources\nSection: kernel", ""},
		{"font", "Package: a-source\nSection: fonts\nDepends: debhelper", ""},
		{"kernel", "Package: linux-source\nSection: kernel", ""},
		{"kernel by version", "Package: linux-source-6.12\nSection: kernel\nSource: linux-6.12", ""},
		{"kernel by source", "Package: a-source\nSection: kernel\nSource: linux (6.1.1-1)", ""},
		{"kernel by versioned source", "Package: a-source\nSection: kernel\nSource: linux-6.12", ""},
		{"named like a kernel", "Package: a-source\nSection: kernel\nSource: linux-apfs-rw", ModuleAssistant},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := control.NewScanner(strings.NewReader(tt.paragraph), "test")
			s.Scan()
			p, err := s.Paragraph()
			if err != nil {
				t.Fatal(err)
			}
			if got, ok := classify(p); got != tt.want || ok != (tt.want != "") {
				t.Errorf("classify = %q, %v, want %q", got, ok, tt.want)
			}
			if tt.want != "" && !worthDecoding([]byte(tt.paragraph)) {
				t.Error("turned away before it is decoded")
			}
		})
	}
}

func TestModuleName(t *testing.T) {
	for pkg, want := range map[string]string{
		"v4l2loopback-dkms":              "v4l2loopback",
		"dahdi-source":                   "dahdi",
		"cloop-src":                      "cloop",
		"openafs-modules-dkms":           "openafs",
		"openafs-modules-source":         "openafs",
		"lttng-modules-dkms":             "lttng",
		"nvidia-kernel-dkms":             "nvidia-kernel",
		"nvidia-tesla-470-kernel-source": "nvidia-tesla-470-kernel",
		"a-modules":                      "a",
		"a-src-source":                   "a-src",
		"zfs":                            "zfs",
	} {
		if got := ModuleName(pkg); got != want {
			t.Errorf("ModuleName(%q) = %q, want %q", pkg, got, want)
		}
	}
}
