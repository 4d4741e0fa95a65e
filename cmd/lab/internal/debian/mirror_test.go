package debian

import (
	"os"
	"path/filepath"
	"testing"
)

// The ways in which machines name Debian's archive, next to others that must not be taken for it.
func TestFindMirror(t *testing.T) {
	for name, c := range map[string]struct {
		files map[string]string
		want  Mirror
	}{
		"deb822": {map[string]string{"sources.list.d/debian.sources": "Types: deb deb-src\n# moved\nURIs: http://a.example/debian\nSuites: bookworm\n bookworm-updates\n" +
			"Components: main\n\nTypes: deb\nURIs: http://a.example/debian-security\nSuites: bookworm-security\nComponents: main\n"},
			Mirror{"http://a.example/debian", "http://a.example/debian-security"}},
		"one line": {map[string]string{"sources.list": "# deb http://no.example/debian stable main\ndeb [arch=amd64 signed-by=/k] https://a.example/debian/ bookworm main contrib\n"},
			Mirror{"https://a.example/debian/", ""}},
		"others": {map[string]string{
			"sources.list.d/a.sources":  "Types: deb\nURIs: https://other.example/node\nSuites: nodistro\nComponents: main\n",
			"sources.list.d/b.sources":  "Types: deb\nEnabled: no\nURIs: https://off.example/debian\nSuites: bookworm\nComponents: main\n",
			"sources.list.d/c.disabled": "deb http://no.example/debian bookworm main\n",
			"sources.list.d/d.list":     "deb http://a.example/debian bookworm main\n"},
			Mirror{"http://a.example/debian", ""}},
	} {
		t.Run(name, func(t *testing.T) {
			etc := t.TempDir()
			for file, text := range c.files {
				write(t, filepath.Join(etc, file), text)
			}
			if got, err := FindMirror(etc); err != nil || got != c.want {
				t.Errorf("FindMirror = %v, %v; want %v", got, err, c.want)
			}
		})
	}
}

func TestFindMirrorBehindAList(t *testing.T) {
	etc := t.TempDir()
	write(t, filepath.Join(etc, "mirrors/debian.list"), "# near\nhttps://a.example/debian\n")
	write(t, filepath.Join(etc, "sources.list.d/debian.sources"),
		"Types: deb\nURIs: mirror+file://"+etc+"/mirrors/debian.list\nSuites: bookworm\nComponents: main\n")
	if got, err := FindMirror(etc); err != nil || got.Archive != "https://a.example/debian" {
		t.Errorf("FindMirror = %v, %v", got, err)
	}
}

func TestFindMirrorWithoutDebian(t *testing.T) {
	if got, err := FindMirror(t.TempDir()); err == nil {
		t.Errorf("FindMirror = %v and no error", got)
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}
