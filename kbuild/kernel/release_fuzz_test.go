package kernel

import (
	"os"
	"path/filepath"
	"testing"
)

// FuzzReleaseOf: whatever the files of headers say, a release is one or there is an error.
func FuzzReleaseOf(f *testing.F) {
	f.Add([]byte("#define UTS_RELEASE \"6.1.0-56-amd64\"\n"), []byte("6.1.192\n"))
	f.Add([]byte("#define UTS_RELEASE \"../../etc\"\n"), []byte("6.1\n"))
	f.Add([]byte("#define UTS_RELEASE \"-oDir=/\"\n#define UTS_RELEASE \"6.1\"\n"), []byte("6.1 6.2\n"))
	f.Add([]byte(nil), []byte("6.1.0\x1b[2J\n"))
	root := f.TempDir()
	f.Fuzz(func(t *testing.T, generated, config []byte) {
		for name, text := range map[string][]byte{utsrelease: generated, "include/config/kernel.release": config} {
			path := filepath.Join(root, "headers", name)
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, text, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		release, err := Finder{Root: root}.ReleaseOf("/headers")
		if err == nil && !ValidRelease(release) || err != nil && release != "" {
			t.Errorf("%q, %v", release, err)
		}
	})
}
