package engine

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"mago/cmd/mago/internal/store"
)

// A hint that frees a name tells of all that is in the way, and of nothing else.
func TestTakenTellsAll(t *testing.T) {
	root := t.TempDir()
	a := newEngine(&base{host: &host{}, known: new(known), Options: Options{Root: root}, Paths: Paths{Cache: filepath.Join(root, "cache")}})
	const record = `{"format":1,"module":"nic","kernel":%q,"result":"built","source":{"path":"/one"},"modules":[%q]}`
	files := map[string]string{"var/lib/dpkg/status": fmt.Sprintf(installedFormat, "other-modules-6.1.0-9-amd64", "1"),
		"var/lib/dpkg/info/other-modules-6.1.0-9-amd64.list": "/lib/modules/6.1.0-9-amd64/updates/mago/shared.ko\n",
	}
	for release, module := range map[string]string{"6.1.0-9-amd64": "ours.ko", "6.1.0-10-amd64": "ours.ko", "6.1.0-8-amd64": "shared.ko"} {
		files["cache/builds/nic/"+release+"/record.json"] = fmt.Sprintf(record, release, module)
	}
	for name, text := range files {
		path := filepath.Join(root, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(text), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	var taken *TakenError
	err := a.claims.checkClaim(Claim{Name: "nic", release: "6.1.0-9-amd64", from: store.Source{Path: "/two"}, modules: []string{"shared"}, all: true, install: true})
	if !errors.As(err, &taken) {
		t.Fatalf("got %v", err)
	}
	slices.Sort(taken.Purge)
	if want := []string{"6.1.0-10-amd64", "6.1.0-9-amd64"}; !slices.Equal(taken.Purge, want) {
		t.Errorf("purge of %q, not of %q", taken.Purge, want)
	}
	if want := []string{"other-modules-6.1.0-9-amd64"}; !slices.Equal(taken.remove, want) {
		t.Errorf("removal of %q, not of %q", taken.remove, want)
	}
}

// installedFormat is an installed package as dpkg's status has it: its name and version.
const installedFormat = "Package: %s\nStatus: install ok installed\nMaintainer: A Person <person@example.org>\n" +
	"Architecture: amd64\nVersion: %s\nDescription: test\n\n"
