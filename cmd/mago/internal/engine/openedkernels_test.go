package engine

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"mago/debpkg/apt"
	"mago/debpkg/word"
	"mago/kbuild/kernel"
)

// TestHoldHeaders: a package that another process has replaced by another one of the same version, after a unit's key was worked
// out, is not built against.
func TestHoldHeaders(t *testing.T) {
	const release, name = "6.1.0-1-amd64", "linux-headers-6.1.0-1-amd64"
	r, _ := crew(t, 1, Options{})
	place := filepath.Join(r.headers(), name+"_6.1.1-1_amd64")
	if err := os.MkdirAll(filepath.Join(place, "data"), 0o755); err != nil {
		t.Fatal(err)
	}
	deb := apt.Deb{SHA256: "01", Target: word.Target{
		Name: word.Must(word.ParsePackage(name)), Version: word.Must(word.ParseVersion("6.1.1-1")), Architecture: word.Must(word.ParseArchitecture("amd64")),
	}}
	r.known.opened.now = kernelIndex{Kernels: map[string]kernelEntry{release: {Packages: []apt.Deb{deb}}}}
	o := kernel.Opened{Package: name, Version: "6.1.1-1", Dirs: []string{filepath.Join(place, "data")}}
	for sum, evicted := range map[string]bool{"01": false, "02": true} {
		if err := os.WriteFile(filepath.Join(place, "package.json"), fmt.Appendf(nil, `{"SHA256": %q}`, sum), 0o644); err != nil {
			t.Fatal(err)
		}
		drop, err := r.build.holdHeaders(t.Context(), unit{target{}, kernel.Facts{Release: release}.Kernel(o)})
		if errors.As(err, new(*EvictedHeadersError)) != evicted || err != nil && !evicted {
			t.Errorf("%s: %v", sum, err)
		}
		if err == nil {
			drop()
		}
	}
}
