package modpkg

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"mago/debpkg"
	"mago/kbuild"
)

var update = flag.Bool("update", false, "write the golden files anew")

// The golden files have the control paragraphs of a unit's packages, and the files that these hold.
func TestGolden(t *testing.T) {
	for name, unit := range map[string]func(*testing.T) (Unit, *kbuild.Result){
		"dkms": zfsWithFiles, "local": hello, "rules": rules, "unvouched-rules": unvouchedRules, "unauthenticated": unauthenticated, "local-deb": localDeb,
	} {
		t.Run(name, func(t *testing.T) {
			packages, err := Compose(unit(t))
			if err != nil {
				t.Fatal(err)
			}
			got := described(t, packages)
			checkGolden(t, filepath.Join("testdata", name), got)
		})
	}
}

// checkGolden compares a text with a golden file.
func checkGolden(t *testing.T, golden, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if want, err := os.ReadFile(golden); err != nil || got != string(want) {
		t.Errorf("%s: got\n%s\nwant\n%s%v", golden, got, want, err)
	}
}

// described tells of packages what dpkg would; each of them can be written.
func described(t *testing.T, packages Packages) string {
	var text strings.Builder
	for _, p := range []*debpkg.Package{packages.Modules, packages.Common} {
		if p == nil {
			continue
		}
		deb, err := debpkg.Write(t.TempDir(), p, debpkg.Options{})
		if err != nil {
			t.Error(err)
		}
		fmt.Fprintf(&text, "%s\n%s", filepath.Base(deb), controlText(p.Control))
		for _, f := range p.Files {
			note := ""
			if slices.Contains(p.Conffiles, f.Path) {
				note = " (conffile)"
			}
			fmt.Fprintf(&text, "%s%s\n", f.Path, note)
		}
		for _, trigger := range p.Triggers {
			fmt.Fprintln(&text, trigger)
		}
		fmt.Fprintln(&text)
	}
	for _, relations := range packages.LeftOut {
		fmt.Fprintln(&text, "left out:", relations)
	}
	return text.String()
}

// controlText is a control paragraph as debpkg writes it.
func controlText(fields []debpkg.Field) string {
	var text strings.Builder
	for _, f := range fields {
		if f.Value != "" {
			value := strings.ReplaceAll(strings.ReplaceAll(f.Value, "\n\n", "\n.\n"), "\n", "\n ")
			fmt.Fprintf(&text, "%s: %s\n", f.Name, value)
		}
	}
	return text.String()
}
