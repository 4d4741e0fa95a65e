package catalog

import (
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"mago/debpkg/word"
)

// The outputs are apt 2.6.1's, of Debian 12's lists and a backports archive, pins and a locally installed package.
func TestParsePolicy(t *testing.T) {
	tests := map[string]map[string]string{
		"plain.txt": {
			"bbswitch-dkms":          "0.8-15",
			"nvidia-kernel-dkms":     "535.309.01-0+deb12u1",
			"openafs-modules-source": "1.8.9-1+deb12u1",
		},
		"pinned.txt":       {"zfs-dkms": "", "nvidia-kernel-dkms": "535.261.03-1"},
		"notautomatic.txt": {"foo-dkms": "1.0-1", "bar-dkms": "3.0-1~bpo12+1", "local-dkms": "0.1"},
	}
	for file, want := range tests {
		text, err := os.ReadFile(filepath.Join("testdata/policy", file))
		if err != nil {
			t.Fatal(err)
		}
		got, err := parsePolicy(string(text))
		if err != nil || !maps.Equal(texts(got), want) {
			t.Errorf("%s: %v, %v, want %v", file, got, err, want)
		}
	}
}

func texts(candidates map[word.Package]word.Version) map[string]string {
	all := map[string]string{}
	for name, version := range candidates {
		all[name.String()] = version.String()
	}
	return all
}

func TestParsePolicyErrors(t *testing.T) {
	for text, want := range map[string]string{
		"a:\n  Installed: (none)\n":             "line 2: a has no candidate",
		"a:\nb:\n  Candidate: 1\n":              "line 2: a has no candidate",
		"  Candidate: 1\n":                      "line 1: a candidate without a package",
		"a:\n  Candidate: 1\n  Candidate: 2\n":  "line 3: a candidate without a package",
		"a:\n  Installiert: 1\n  Kandidat: 2\n": "line 3: a has no candidate",
	} {
		if _, err := parsePolicy(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("parsePolicy(%q): %v, want %q", text, err, want)
		}
	}
}

func FuzzParsePolicy(f *testing.F) {
	files, _ := filepath.Glob("testdata/policy/*.txt")
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(text))
	}
	f.Fuzz(func(t *testing.T, text string) {
		candidates, err := parsePolicy(text)
		if err != nil && candidates != nil {
			t.Errorf("both %v and %v", candidates, err)
		}
		for name, version := range candidates {
			if name.IsZero() {
				t.Errorf("candidate %q of no package", version)
			}
			if !strings.Contains(text, name.String()+":\n") || !strings.Contains(text, "  Candidate: "+version.String()) {
				t.Errorf("%s %s is not in the text", name, version)
			}
		}
	})
}
