package sources

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestBuildDepends(t *testing.T) {
	const fields = "Source: x\nBuild-Depends: "
	for name, c := range map[string]struct {
		files map[string]string
		want  string
	}{
		"none":           {nil, ""},
		"nothing said":   {map[string]string{"control": "Source: x\n\nPackage: x\nDepends: y\n"}, ""},
		"all three":      {map[string]string{"control": "Source: x\nBuild-Depends-Indep: c\nBuild-Depends: a\nBuild-Depends-Arch: b\n"}, "a, b, c"},
		"folded":         {map[string]string{"control": fields + "\n debhelper-compat (= 13),\n# a comment\n bzip2 ,\n"}, "debhelper-compat (= 13), bzip2"},
		"control first":  {map[string]string{"control": fields + "a\n", "control.modules.in": fields + "b\n"}, "a"},
		"a template":     {map[string]string{"control": "Source: x\n", "control.modules.in": fields + "b\n\nPackage: x-_KVERS_\n"}, "b"},
		"openafs's":      {map[string]string{"control.in": fields + "debhelper (>= 8)\n"}, "debhelper (>= 8)"},
		"architectures":  {map[string]string{"control": fields + "a [amd64], b [!amd64], c [arm64 linux-any], d [arm64], e [!arm64 !i386], f [any-amd64]\n"}, "a, c, e, f"},
		"profiles":       {map[string]string{"control": fields + "a <!nocheck>, b <nocheck>, c <!nodoc> <!cross>, d <cross>, e (>> 1) [amd64] <!stage1>\n"}, "b, c, e (>> 1)"},
		"alternatives":   {map[string]string{"control": fields + "a [arm64] | b (<< 2), c <!nocheck> | d [i386], e | f\n"}, "b (<< 2), e | f"},
		"a link outward": {map[string]string{"control": "-> /etc/passwd"}, "!"},
		"malformed":      {map[string]string{"control": "no colon\n"}, "!"},
	} {
		t.Run(name, func(t *testing.T) {
			tree := &Tree{Name: "x", Dir: t.TempDir()}
			writeControls(t, filepath.Join(tree.Dir, "debian"), c.files)
			got, err := tree.BuildDepends("amd64")
			if c.want == "!" {
				if err == nil || !strings.HasPrefix(err.Error(), "read the needs of x: ") {
					t.Errorf("got %q, %v", got, err)
				}
			} else if got != c.want || err != nil {
				t.Errorf("got %q, %v, want %q", got, err, c.want)
			}
		})
	}
}

func writeControls(t *testing.T, dir string, files map[string]string) {
	t.Helper()
	err := os.MkdirAll(dir, 0o755)
	for name, text := range files {
		if target, ok := strings.CutPrefix(text, "-> "); ok && err == nil {
			err = os.Symlink(target, filepath.Join(dir, name))
		} else if err == nil {
			err = os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644)
		}
	}
	if err != nil {
		t.Fatal(err)
	}
}
