package same

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"mago/debpkg"
	"mago/debpkg/codec"
)

func TestDifferences(t *testing.T) {
	first := pack(t, "x", "one\n", 0o644, codec.None)
	for _, c := range []struct {
		what string
		path string
		want []string
	}{
		{"the same", pack(t, "x", "one\n", 0o644, codec.None), nil},
		{"other contents", pack(t, "x", "ono\n", 0o644, codec.None), []string{`./file: from byte 2 on: "one\n", "ono\n"`}},
		{"another mode", pack(t, "x", "one\n", 0o600, codec.None), []string{"./file, header: "}},
		{"another maintainer", pack(t, "y", "one\n", 0o644, codec.None), []string{"control, Maintainer: "}},
		{"packed otherwise", pack(t, "x", "one\n", 0o644, codec.Gzip), []string{"the same files in the same order, packed in other bytes: "}},
	} {
		told, err := Differences(first, c.path)
		if err != nil || !slices.EqualFunc(told, c.want, strings.HasPrefix) {
			t.Errorf("%s: %q, %v, want %q", c.what, told, err, c.want)
		}
	}
	if _, err := Compare(t.TempDir(), t.TempDir()); err == nil {
		t.Error("nothing at all counts as the same")
	}
	if told, err := Compare(filepath.Dir(first), filepath.Dir(pack(t, "x", "two\n", 0o644, codec.None))); err != nil || len(told) != 1 {
		t.Errorf("%q, %v", told, err)
	}
}

func TestModules(t *testing.T) {
	own, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(own)
	if err != nil {
		t.Fatal(err)
	}
	all, err := sections(string(text))
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(all, func(s section) bool { return s.name == ".rodata" })
	other := strings.Replace(string(text), all[i].text[:64], strings.Repeat("#", 64), 1)
	if told := within(string(text), other); !strings.HasPrefix(told, ".rodata from byte ") {
		t.Error(told)
	}
}

func pack(t *testing.T, maintainer, content string, mode os.FileMode, compression codec.Format) string {
	t.Helper()
	file := debpkg.Bytes("/file", []byte(content))
	file.Mode = mode
	p := &debpkg.Package{ModTime: time.Unix(1e9, 0), Files: []debpkg.File{file}}
	for _, f := range [][2]string{{"Package", "some"}, {"Version", "1"}, {"Architecture", "all"}, {"Maintainer", maintainer + " <a@b.c>"}, {"Description", "test"}} {
		p.Control = append(p.Control, debpkg.Field{Name: f[0], Value: f[1]})
	}
	path, err := debpkg.Write(t.TempDir(), p, debpkg.Options{Compression: compression})
	if err != nil {
		t.Fatal(err)
	}
	return path
}
