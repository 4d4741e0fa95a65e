package recipe

import (
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"mago/kbuild/dkms"
	"mago/kbuild/sandbox"
)

// sourceOf makes a source of empty files; those below large/ are too much for a package.
func sourceOf(t *testing.T, files map[string]string) *os.Root {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if target, ok := strings.CutPrefix(text, "-> "); ok {
			if err := os.Symlink(target, path); err != nil {
				t.Fatal(err)
			}
		} else if err := os.WriteFile(path, []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { root.Close() })
	return root
}

func TestHookNeeds(t *testing.T) {
	source := sourceOf(t, map[string]string{
		"run.sh": "", "fw/a.bin": "", "fw/b.bin": "", "fw/old/c.bin": "", "card.conf": "", "99-card.rules": "", "Makefile": "", "card.c": "",
		"scripts/copy": "#!/bin/sh\ncp card.conf /etc/modprobe.d/\n./run.sh\n", "out": "-> /etc/passwd", "inner": "-> card.conf", "fwlink": "-> fw",
		"large/1": strings.Repeat("x", maxHookBytes/2), "large/2": strings.Repeat("x", maxHookBytes/2+1),
	})
	for _, test := range []struct{ text, files, large, away string }{
		{text: `cp "$d"/fw/*.bin /lib/firmware/`, files: "fw/a.bin fw/b.bin"},
		{text: `cp "$(dirname "$0")/fw/a.bin" /lib/firmware/`, files: "fw/a.bin"},
		{text: "cp `dirname $0`/fw/a.bin /lib/firmware/", files: "fw/a.bin"},
		{text: `for f in a b; do install -m644 "${0%/*}/fw/$f.bin" /lib; done`, files: "fw/a.bin fw/b.bin"},
		{text: `cp -r fw /lib/firmware/card`, files: "fw/a.bin fw/b.bin fw/old/c.bin"},
		{text: `cp -r ./fwlink/. /lib/firmware/card`, files: "fwlink/a.bin fwlink/b.bin fwlink/old/c.bin"},
		{text: `cd fw && cp {a,b}.bin /lib/firmware`, files: "fw/a.bin fw/b.bin fw/old/c.bin"},
		{text: "F=fw/a.bin\ncp $F /lib/firmware", files: "fw/a.bin"},
		{text: `shutil.copy("99-card.rules", '/etc/udev/rules.d')`, files: "99-card.rules"},
		{text: `exec scripts/copy`, files: "card.conf run.sh scripts/copy"},
		{text: "# cp fw/a.bin\necho done # card.c\ncp /fw/a.bin /card.conf x", files: "card.c"},
		{text: `cp out inner ../card.c /lib`, files: "card.c inner"},
		{text: `cp large/1 card.conf x`, files: "card.conf large/1"},
		{text: `cp -r large x; cp card.conf x`, files: "card.conf", large: "large"},
		{text: "cp /usr/src/card-1.0/fw/a.bin /var/lib/dkms/card/1.0/source/card.conf x\nls /usr/src/linux-headers-$(uname -r)", away: "/usr/src/card-1.0/fw/a.bin /var/lib/dkms/card/1.0/source/card.conf"},
		{text: `depmod -a "$kernelver"; echo . .. / * $d/* [ ]; cp -a . x`},
	} {
		n := newHookNeeds(source)
		if err := n.named(t.Context(), test.text); err != nil {
			t.Fatal(err)
		}
		var files []string
		for _, f := range n.carried() {
			files = append(files, f.Path)
		}
		got := []string{strings.Join(files, " "), strings.Join(n.large, " "), strings.Join(n.away, " ")}
		if want := []string{test.files, test.large, test.away}; !slices.Equal(got, want) {
			t.Errorf("%s:\ngot  %q\nwant %q", test.text, got, want)
		}
	}
}

// TestHookArguments: what a package runs has dkms's paths, also where the sandbox could not show a build those.
func TestHookArguments(t *testing.T) {
	source, dir := sourceOf(t, map[string]string{"run.sh": "#!/bin/sh\n"}), t.TempDir()
	w := workspaceIn(t, dir)
	w.dir, w.Log, w.Sandbox.Kind = dir, &Log{to: io.Discard}, sandbox.User
	w.Job.Source = Source{Name: "a", Open: func() (*os.Root, error) { return source.OpenRoot(".") }}
	var err error
	if w.Job.Conf, err = dkms.Parse([]byte(strings.ReplaceAll("mago-begin-of-conf|PACKAGE_NAME|0|a|PACKAGE_VERSION|0|1|POST_INSTALL|0|run.sh /usr/src/a-1/x "+
		sandbox.WorkDir+"/a/1/source|mago-end-of-conf|", "|", "\x00"))); err != nil {
		t.Fatal(err)
	}
	conf, err := confOf(t.Context(), w)
	if err != nil || !strings.Contains(conf.Value("POST_INSTALL"), dir) {
		t.Fatalf("builds see %q, %v", conf.Value("POST_INSTALL"), err)
	}
	hooks, err := (&dkmsBuild{steps: w.in("b"), conf: conf}).hooks(t.Context())
	if err != nil || len(hooks) != 1 || !slices.Equal(hooks[0].Args, []string{"/usr/src/a-1/x", sandbox.WorkDir + "/a/1/source"}) {
		t.Errorf("got %v, %v", hooks, err)
	}
}

func TestHookNeedsAreFew(t *testing.T) {
	files := map[string]string{"one": ""}
	for i := range maxHookFiles {
		files["many/"+strings.Repeat("x", i/100+1)+string(rune('A'+i%100))] = ""
	}
	n := newHookNeeds(sourceOf(t, files))
	if err := n.named(t.Context(), "cp one many/* x"); err != nil || len(n.carried()) != 1 || !slices.Equal(n.large, []string{"many/*"}) {
		t.Errorf("got %d files, large %q, %v", len(n.carried()), n.large, err)
	}
}
