package config

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"mago/cmd/mago/internal/engine"
	"mago/debpkg/rooted"
)

// written writes files below a new directory.
func written(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// TestOrder: later files count more, field by field, a module's own more than those, and what was typed most.
func TestOrder(t *testing.T) {
	root := written(t, map[string]string{
		"etc/mago/mago.conf":            "Jobs: 1\nReuse: yes\nMaintainer: A <a@a>\nLimits: time=1h memory=1G\n",
		"etc/mago/mago.conf.d/a.conf":   "Jobs: 2\nMaintainer: B <b@b>\n",
		"etc/mago/mago.conf.d/b.conf":   "Jobs: 3\nLimits: time=2h\n",
		"etc/mago/mago.conf.d/b.conf~":  "Jobs: 9\n",
		"etc/mago/mago.conf.d/.b.conf":  "Jbos: 9\n",
		"etc/mago/modules/hello.conf":   "Maintainer: C <c@c>\nHold: yes\nJobs: 4\n",
		"home/mago/mago.conf":           "Dest: /srv\n",
		"home/mago/modules/hello.conf":  "Version: 2\n",
		"home/mago/modules/README.text": "no file of mago's\n",
	})
	c := Read(true, Dir{rooted.Root(root), "/etc/mago"}, Dir{rooted.Root(root), "/home/mago"})
	if err := c.Check(); err != nil {
		t.Fatal(err)
	}
	said := Setting{Field: "Reuse", Value: "no", Origin: Origin{From: Option, Name: "--no"}}
	jobs := Setting{Field: "Jobs", Value: "5", Origin: Origin{From: Option, Name: "-j"}}
	limit := Settings(FieldCalled(Limits), "memory=3G", Origin{From: Environment, Name: "L"})
	for module, want := range map[string]string{
		"":      "Sandbox: auto, default; Limits: time=2h, b.conf:2; Limits: memory=3G, L; Limits: processes=4096, default; Limits: output=20G, default; Jobs: 5, -j; Reuse: no, --no; Maintainer: B <b@b>, a.conf:2; Dest: /srv, mago.conf:1; ",
		"hello": "Jobs: 4, hello.conf:3; Reuse: no, --no; Maintainer: C <c@c>, hello.conf:1; Dest: /srv, mago.conf:1; Key: , default; ",
		"other": "Jobs: , default; Reuse: no, --no; Maintainer: B <b@b>, a.conf:2; Dest: /srv, mago.conf:1; ",
	} {
		var got strings.Builder
		for _, s := range c.Of(module, append(limit, said, jobs)...) {
			got.WriteString(s.Field + ": " + s.Value + ", " + filepath.Base(s.String()) + "; ")
		}
		if !strings.Contains(got.String(), want) {
			t.Errorf("%q:\n got %s\nwant %s", module, got.String(), want)
		}
	}
	v := ValuesOf(c.Of("hello", said))
	if v.Version != "2" || v.Held != filepath.Join(root, "etc/mago/modules/hello.conf")+":2" || v.Limits.Memory != 1<<30 || v.Reuse || !v.Signing.Resign {
		t.Errorf("the values of hello are %+v", v)
	}
	if v := ValuesOf(c.Of("")); v.Jobs != 3 || !v.Reuse || v.Held != "" || v.Limits.Processes != 4096 {
		t.Errorf("the values of all are %+v", v)
	}
}

// TestEveryFieldIsTaken: each field has a help text, and a value that changes what the engine gets.
func TestEveryFieldIsTaken(t *testing.T) {
	text := "Sandbox: user\nJobs: 1\nLimits: time=1h\nReuse: yes\nMaintainer: A B <a@b>\nDest: /d\nKey: pkcs11:token=t\nPassphrase-File: /p\n" +
		"Passphrase-Credential: c\nSignatures: none\nResign: no\nVersion: 1\nHold: yes\nEarly-Boot: no\nMake-Arguments: 'a b' c\nDkms-Variables: A=1\n"
	settings, mistakes := parse(strings.NewReader(text), "f", true)
	v := ValuesOf(settings)
	want := engine.ModuleOptions{
		Sandbox: "user", Limits: v.Limits, Reuse: true, Maintainer: "A B <a@b>", Dest: "/d",
		Signing: engine.Signing{Key: "pkcs11:token=t", PassphraseFile: "/p", PassphraseCredential: "c", Signatures: engine.SignaturesNone},
		Version: "1", PinnedBy: "f:12", Held: "f:13", Early: engine.No, MakeArguments: []string{"a b", "c"}, Variables: []string{"A=1"},
	}
	if len(mistakes) > 0 || v.Jobs != 1 || v.Limits.Value("time") != "1h" || !sameOptions(v.ModuleOptions, want) {
		t.Errorf("got %+v, want %+v; %v", v.ModuleOptions, want, mistakes)
	}
	for _, f := range Fields {
		if f.Help == "" || !strings.HasSuffix(f.Help, ".") || f.Value == "" {
			t.Errorf("%s is not told whole", f.Name)
		}
	}
}

func TestFilesThatAreNotTaken(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root: only root asks who else may change a file")
	}
	root := written(t, map[string]string{"etc/mago/mago.conf": "Jobs: 1\n", "etc/mago/modules/hello-dkms.conf": "", "etc/mago/modules/Hello!.conf": "", "etc/mago/mago.conf.d/x.conf": ""})
	at := func(name string) string { return filepath.Join(root, "etc/mago", name) }
	for _, err := range []error{os.Chmod(at("mago.conf"), 0o666), os.Chown(at("mago.conf.d/x.conf"), 12345, 0), os.Mkdir(at("mago.conf.d/y.conf"), 0o755)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	c := Read(true, Dir{rooted.Root(root), "/etc/mago"})
	for i, want := range []string{
		"mago.conf: root does not read what others may change: it may be changed by everybody",
		"x.conf: root does not read what others may change: it may be changed by user 12345",
		"y.conf: it is not a file",
		"Hello!.conf: it is named after no module: ",
		"hello-dkms.conf: the module is called hello: name the file hello.conf",
	} {
		if i >= len(c.Mistakes) || !strings.Contains(c.Mistakes[i].Error(), want) {
			t.Errorf("mistake %d of %q is not %q", i, c.Mistakes, want)
		}
	}
	if v := ValuesOf(c.Of("")); v.Jobs != 0 {
		t.Errorf("a file that everybody may change says %d jobs", v.Jobs)
	}
	if c := Read(false, Dir{rooted.Root(root), "/etc/mago"}); ValuesOf(c.Of("")).Jobs != 1 {
		t.Error("a user's run does not take the system's file")
	}
}

func sameOptions(one, other engine.ModuleOptions) bool { return reflect.DeepEqual(one, other) }
