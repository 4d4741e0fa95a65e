package engine

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// TestKernelIndexDamaged: an entry of no packages, or with another kernel's facts, is none.
func TestKernelIndexDamaged(t *testing.T) {
	const release, deb = "6.1.0-1-amd64", `{"Name": "linux-headers-6.1.0-1-amd64", "Version": "6.1.1-1", "Architecture": "amd64"}`
	for entry, want := range map[string]int{
		`{}`:                          0,
		`{"Packages": []}`:            0,
		`{"Packages": [` + deb + `]}`: 1,
		`{"Packages": [` + deb + `], "Facts": {"Release": "6.1.0-2-amd64", "Compiler": "gcc-12"}}`:   0,
		`{"Packages": [` + deb + `], "Facts": {"Release": "` + release + `", "Compiler": "gcc-12"}}`: 1,
	} {
		b := &base{Paths: Paths{Cache: t.TempDir()}, known: new(known)}
		if err := os.MkdirAll(b.headers(), 0o755); err != nil {
			t.Fatal(err)
		}
		text := fmt.Sprintf(`{"Format": %d, "Kernels": {"%s": %s}}`, kernelIndexFormat, release, entry)
		if err := os.WriteFile(filepath.Join(b.headers(), "index.json"), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		hc := &headerCache{base: b}
		if n := len(hc.kernelIndex().Kernels); n != want {
			t.Errorf("%s: %d kernels", entry, n)
		}
		if _, ok, err := hc.opened(release); ok || err != nil {
			t.Errorf("%s: opened %t, %v", entry, ok, err)
		}
	}
}
