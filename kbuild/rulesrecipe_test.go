package kbuild

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"mago/kbuild/jobs"
	"mago/kbuild/kernel"
	"mago/kbuild/recipe"
	"mago/kbuild/sandbox"
)

const helloRules = modules + "hello-source/modules/hello"

// rulesBench is a bench whose system has what a debian/rules calls.
func rulesBench(t *testing.T) *bench {
	t.Helper()
	b := newBench(t)
	for _, tool := range []string{"fakeroot", "dh"} {
		if !kernel.HasTool(b.root, tool) {
			t.Skipf("no %s under %s", tool, b.root)
		}
	}
	b.kernel.Version = "6.1.2-3"
	return b
}

// TestRulesBuild builds a module-assistant tree in every kind of sandbox, with the fragments where MA_DIR says and where the
// rules spell their place out; the module is that of the plain Makefile.
func TestRulesBuild(t *testing.T) {
	literal := rulesWith(t, func(rules string) string {
		return strings.ReplaceAll(strings.Replace(rules, "MA_DIR ?= /usr/share/modass\n", "", 1), "$(MA_DIR)", "/usr/share/modass")
	})
	for _, kind := range []sandbox.Kind{sandbox.Bubblewrap, sandbox.Namespaces, sandbox.User} {
		for name, source := range map[string]string{"MA_DIR": helloRules, "literal": literal} {
			t.Run(string(kind)+" "+name, func(t *testing.T) {
				b := rulesBench(t).in(t, kind)
				result := b.mustBuild(t, source)
				m := result.Modules[0]
				if result.Recipe != "debian/rules" || len(result.Modules) != 1 || m.Path != b.kernel.ModulesDir+"/updates/mago/hello.ko" {
					t.Errorf("got %+v", result)
				}
				if info := b.modinfo(t, m.File); !strings.Contains(info, "version:        1.0\n") {
					t.Errorf("modinfo says %s", info)
				}
				wantPromises(t, b.kernel.Release, result.Package)
				if !strings.Contains(b.log.String(), "mago: the postinst of the rules' package does more than depmod and will not be run: echo greetings from "+b.kernel.Release) {
					t.Errorf("the log says nothing of the postinst:\n%s", b.log.String())
				}
			})
		}
	}
}

// wantPromises compares what came with the module with what the tree's control file and rules say.
func wantPromises(t *testing.T, release string, p *recipe.Package) {
	t.Helper()
	for field, want := range map[string]string{
		"Package": "hello-modules-" + release, "Version": "2:1.0-3+6.1.2-3", "Depends": "hello-firmware, linux-image-" + release,
		"Suggests": "hello-doc", "Conflicts": "goodbye-modules-" + release, "Provides": "hello-modules",
	} {
		if p.Control[field] != want {
			t.Errorf("%s: got %q, want %q", field, p.Control[field], want)
		}
	}
	if !strings.HasPrefix(p.Control["Description"], "greetings for Linux "+release+", revision 6.1.2-3\n") {
		t.Errorf("Description: %q", p.Control["Description"])
	}
	if len(p.Files) != 2 {
		t.Fatalf("got files %+v", p.Files)
	}
	link, script := p.Files[0], p.Files[1]
	if link.Path != "/usr/bin/greet-"+release || link.Link != "../lib/hello/greet-"+release || link.File != "" {
		t.Errorf("got %+v", link)
	}
	text, err := os.ReadFile(script.File)
	if script.Path != "/usr/lib/hello/greet-"+release || script.Mode != 0o755 || err != nil || !bytes.HasSuffix(text, []byte("echo hello\n")) {
		t.Errorf("got %+v, %q, %v", script, text, err)
	}
}

// rulesWith is the tree with other rules.
func rulesWith(t *testing.T, change func(string) string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "modules", "hello")
	if err := os.CopyFS(dir, os.DirFS(helloRules)); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "debian/rules")
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	changed := change(string(text))
	if changed == string(text) {
		t.Fatal("nothing was changed")
	}
	if err := os.WriteFile(file, []byte(changed), 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

// TestRulesRefused has rules whose package cannot be taken for a module's. None of them compiles anything.
func TestRulesRefused(t *testing.T) {
	pack := func(commands, debs string) string {
		return "d = debs/root\nko = $d/lib/modules/$(KVERS)/x\nkdist_image:\n\tmkdir -p $d/DEBIAN $(ko) $d/opt\n" +
			"\tprintf 'Package: x\\nVersion: 1\\nArchitecture: all\\nMaintainer: m <m@n>\\nDescription: d\\n' >$d/DEBIAN/control\n\t" +
			commands + "\n\t" + debs + "\n"
	}
	const one = "dpkg-deb -Znone --build $d $(KPKG_DEST_DIR)/x.deb"
	for name, test := range map[string]struct{ rules, want string }{
		"no .deb":     {"kdist_image:\n\ttrue\n", "made no .deb"},
		"two .debs":   {pack("true", one+"\n\tdpkg-deb -Znone --build $d ..//y.deb"), "made 2 .deb files instead of one: debs/x.deb, modules/y.deb"},
		"no module":   {pack("touch $(ko)/modules.dep", one), "its package holds no .ko file"},
		"setuid":      {pack("touch $(ko)/a.ko $d/opt/su; chmod 4755 $d/opt/su", one), "/opt/su with the rights of another user"},
		"link out":    {pack("touch $(ko)/a.ko; ln -s ../../x $d/opt/out", one), "link /opt/out leads out of it, to ../../x"},
		"named alike": {pack("mkdir $(ko)/y; touch $(ko)/a.ko $(ko)/y/a.ko", one), "two modules named a: "},
		"huge text":   {pack("touch $(ko)/a.ko; yes '# x' | head -c 2000000 >$d/DEBIAN/postinst; chmod 755 $d/DEBIAN/postinst", one), "DEBIAN/postinst is longer than 1048576 bytes"},
		"pipe":        {pack("touch $(ko)/a.ko; mkfifo $d/opt/pipe", one), "opt/pipe is not a regular file"},
	} {
		t.Run(name, func(t *testing.T) {
			b := rulesBench(t)
			source := tree{"debian/rules+": test.rules}.write(t, filepath.Join(t.TempDir(), "x"))
			_, err := b.build(t, source)
			wantRecipeError(t, err, test.want)
			if t.Failed() {
				t.Log(b.log.String())
			}
		})
	}
}

// TestRulesInOrder: what a debian/rules calls makes its targets one after the other, as its author has seen it do.
func TestRulesInOrder(t *testing.T) {
	b := rulesBench(t)
	b.enter(t, jobs.NewPool(2))
	called := "all: first second\nfirst second: pipe\npipe:\n\tmkfifo pipe\n" +
		"first:\n\ttimeout 1 sh -c 'read x <pipe' && echo both at once || echo alone\nsecond:\n\ttimeout 1 sh -c 'echo >pipe' || :\n"
	_, err := b.build(t, tree{"debian/rules+": "kdist_image:\n\t$(MAKE) -f called\n", "called": called}.write(t, filepath.Join(t.TempDir(), "x")))
	wantRecipeError(t, err, "made no .deb")
	if log := b.log.String(); !strings.Contains(log, "\nalone\n") {
		t.Error(log)
	}
}

// TestRulesFailure names the compiler's error by the path that the source's author knows.
func TestRulesFailure(t *testing.T) {
	b := rulesBench(t)
	source := rulesWith(t, func(rules string) string {
		return strings.Replace(rules, "\tdh_prep\n", "\techo '#error no' >>hello.c\n", 1)
	})
	_, err := b.build(t, source)
	var compile *recipe.CompileError
	if !errors.As(err, &compile) || compile.Step != "debian/rules" || !strings.HasPrefix(compile.Message, "hello.c:") {
		t.Errorf("got %v", err)
	}
}
