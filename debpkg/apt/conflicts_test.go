package apt

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"mago/debpkg/rooted"
)

// TestConflictsAreSeenBeforeDpkg: it would leave the other packages of the call unpacked.
func TestConflictsAreSeenBeforeDpkg(t *testing.T) {
	for _, test := range []struct {
		name         string
		field, value string // of the package that comes
		there        string // fields of one that is installed
		want         string // the conflict, "" for none
	}{
		{"breaks an older one", "Breaks", "old (<< 2)", "Package: old\nVersion: 1", "one breaks old (<< 2), and old 1 would be installed beside it"},
		{"breaks others", "Breaks", "old (<< 2), new", "Package: old\nVersion: 2", ""},
		{"conflicts", "Conflicts", "old", "Package: old\nVersion: 1\nArchitecture: all", "one conflicts with old, and old 1 would be installed beside it"},
		{"with what another provides", "Conflicts", "virtual", "Package: old\nVersion: 1\nProvides: virtual", "one conflicts with virtual, and old 1 would be installed beside it"},
		{"with a version of it", "Conflicts", "virtual (>= 2)", "Package: old\nVersion: 1\nProvides: virtual (= 1)", ""},
		{"one installed breaks it", "Provides", "api", "Package: old\nVersion: 1\nBreaks: one (<< 3:1)", "old breaks one (<< 3:1), and one 1:2.0-3+6.1.55-1 would be installed beside it"},
		{"one installed conflicts with what it provides", "Provides", "api", "Package: old\nVersion: 1\nConflicts: api", "old conflicts with api, and one 1:2.0-3+6.1.55-1 would be installed beside it"},
		{"with what itself provides", "Conflicts", "example-api", "Package: old\nVersion: 1", ""},
		{"its own earlier version", "Conflicts", "api", "Package: one\nVersion: 1\nProvides: api", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newFakeSystem(t, nil)
			status := filepath.Join(s.root, "var/lib/dpkg/status")
			text, err := os.ReadFile(status)
			if err != nil {
				t.Fatal(err)
			}
			writeFile(t, status, string(text)+"\nStatus: install ok installed\n"+test.there+"\n")
			deb := mustWrite(t, s.root, testPackage("Package", "one", test.field, test.value))
			err = (&Installer{Root: rooted.Root(s.root), Run: s.run}).Install(context.Background(), deb)
			var conflict *ConflictError
			switch {
			case test.want == "" && err != nil, test.want != "" && (!errors.As(err, &conflict) || conflict.Error() != test.want):
				t.Errorf("err = %v", err)
			case test.want == "" && len(s.ran) != 1, test.want != "" && slices.ContainsFunc(s.ran, func(line string) bool { return !strings.Contains(line, "--simulate") }):
				t.Errorf("ran %q", s.ran)
			}
		})
	}
}

func TestMatching(t *testing.T) {
	s := newFakeSystem(t, nil)
	if err := s.has("old", "2"); err != nil {
		t.Fatal(err)
	}
	status, err := ReadStatus(rooted.Root(s.root))
	if err != nil {
		t.Fatal(err)
	}
	for field, want := range map[string][]string{"old": {"old"}, "old (<< 3), gone": {"old"}, "old (<< 2)": nil, "": nil, "x y": nil} {
		if got := status.Matching(field); !slices.Equal(got, want) {
			t.Errorf("%q: %q", field, got)
		}
	}
}
