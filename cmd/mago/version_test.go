package main

import (
	"os"
	"strings"
	"testing"

	"mago/debpkg/word"

	"pault.ag/go/debian/version"
)

// The versions that Go gives builds, from the oldest to the newest: dpkg has to see them in that order.
func TestVersionsSort(t *testing.T) {
	before := version.Version{}
	for _, c := range []struct{ goVersion, want string }{
		{"(devel)", newestRelease},
		{"v0.0.0-20261128123403-cc85ae39afd3", newestRelease + "+git20261128123403.cc85ae39afd3"},
		{"v0.0.0-20261128123403-cc85ae39afd3+dirty", newestRelease + "+git20261128123403.cc85ae39afd3+dirty"},
		{"v0.0.0-20261129010203-0a85ae39afd3", newestRelease + "+git20261129010203.0a85ae39afd3"},
		{"v9.0.0", "9.0.0"},
		{"v9.0.1-0.20270101000000-cc85ae39afd3", "9.0.0+git20270101000000.cc85ae39afd3"},
		{"v9.0.10-0.20270101000000-cc85ae39afd3", "9.0.9+git20270101000000.cc85ae39afd3"},
		{"v9.1.0-rc1", "9.1.0~rc1"},
		{"v9.1.0", "9.1.0"},
	} {
		got := debianVersion(c.goVersion)
		if got != c.want {
			t.Errorf("%s is %s, want %s", c.goVersion, got, c.want)
		}
		if _, err := word.ParseVersion(got); err != nil {
			t.Error(err)
		}
		after, err := version.Parse(got)
		if err != nil {
			t.Fatal(err)
		}
		if version.Compare(before, after) >= 0 {
			t.Errorf("%s does not come before %s", before, after)
		}
		before = after
	}
}

// The newest release is the first in the changelog.
func TestReleaseHasChanges(t *testing.T) {
	changelog, err := os.ReadFile("../mkdeb/debian/changelog")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(string(changelog), "mago ("+newestRelease+") ") {
		t.Errorf("the changelog begins with %.40q", changelog)
	}
}
