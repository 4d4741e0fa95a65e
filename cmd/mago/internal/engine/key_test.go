package engine

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"mago/cmd/mago/internal/store"
	"mago/debpkg/payload"
	"mago/debpkg/word"
	"mago/kbuild/dkms"
	"mago/kbuild/jobs"
	"mago/kbuild/kernel"
	"mago/kbuild/recipe"
)

const keyRelease, keyHeaders = "6.1.0-9-amd64", "usr/src/linux-headers-6.1.0-9-amd64/"

// keyBench is a system of one module that needs another one, and of one kernel.
func keyBench(t *testing.T) *madeMatrix {
	t.Helper()
	m := newMadeMatrix(t, 1, 0)
	for name, text := range map[string]string{
		"Makefile": "#\n", ".config": "CONFIG_X86_64=y\n", "include/generated/autoconf.h": "", "include/config/auto.conf": "", "Module.symvers": "0x1\tprintk\tvmlinux\tEXPORT_SYMBOL\t\n",
		"scripts/Makefile.build": "", "scripts/mod/modpost": "", "include/generated/utsrelease.h": "#define UTS_RELEASE \"" + keyRelease + "\"\n", ".kernelvariables": "CC = gcc-12\n",
	} {
		m.write(t, keyHeaders+name, text)
	}
	m.write(t, "var/lib/dpkg/info/gcc-12.list", "/.\n/usr/bin/gcc-12\n")
	m.write(t, "var/lib/dpkg/info/gcc-12.md5sums", "0123  usr/bin/gcc-12\n")
	m.record(t, "lower", "ab")
	return m
}

// record has a build of a needed module be there.
func (m *madeMatrix) record(t *testing.T, module, sum string) {
	t.Helper()
	m.write(t, "var/cache/mago/builds/"+module+"/"+keyRelease+"/record.json", `{"format":3,"module":"`+module+`","kernel":"`+keyRelease+`","result":"built","version":"1","sha256":"`+sum+`"}`)
}

// key is what shapes the module's unit, as an engine of other options finds it, which other changes before it looks.
func (m *madeMatrix) keyWith(t *testing.T, other func(e *Engine, u *unit)) keyed {
	t.Helper()
	e := m.engine(t)
	k, err := kernel.Finder{Root: m.root, Packages: e.pkgs.ofRelease}.Find(keyRelease)
	if err != nil {
		t.Fatal(err)
	}
	targets, err := e.asked(t.Context(), Request{Words: []string{"all"}, Goal: Built})
	if err != nil {
		t.Fatal(err)
	}
	if err := e.modules.openSource(t.Context(), &targets[0]); err != nil {
		t.Fatal(err)
	}
	u := unit{targets[0], k}
	u.needed = []target{{name: "lower", version: "1"}}
	if other != nil {
		other(e, &u)
	}
	key, err := recipe.Key(m.root, e.confs.job(u.target, k))
	if err != nil {
		t.Fatal(err)
	}
	e.known.evaluated.keep(key, confEvaluation{conf: &dkms.Conf{Name: "module0", Version: "1.0"}})
	now := e.keys.of(t.Context(), u, store.Record{})
	if now.key == "" {
		t.Fatal("no key")
	}
	return now
}

// TestKeyCounts varies, one at a time, each input that shapes a unit: the key is another, and the reason names the input.
func TestKeyCounts(t *testing.T) {
	write := func(name, text string) func(*testing.T, *madeMatrix) {
		return func(t *testing.T, m *madeMatrix) { m.write(t, name, text) }
	}
	for name, test := range map[string]struct {
		change func(*testing.T, *madeMatrix)
		other  func(*Engine, *unit)
		why    string
	}{
		"a byte of the source": {change: write("usr/src/module0-1.0/module0.c", "int module1;\n"), why: "the source is another than that of what is built"},
		"an executable bit": {change: func(t *testing.T, m *madeMatrix) {
			if err := os.Chmod(filepath.Join(m.root, "usr/src/module0-1.0/module0.c"), 0o644); err != nil {
				t.Fatal(err)
			}
		}, why: "the source is another than that of what is built"},
		"the configuration":   {change: write(keyHeaders+".config", "CONFIG_X86_64=y\nCONFIG_SMP=y\n"), why: "the headers of 6.1.0-9-amd64 are others than the build had"},
		"Module.symvers":      {change: write(keyHeaders+"Module.symvers", "0x2\tprintk\tvmlinux\tEXPORT_SYMBOL\t\n"), why: "the headers of 6.1.0-9-amd64 are others than the build had"},
		"a makefile":          {change: write(keyHeaders+"scripts/Makefile.build", "#"), why: "the headers of 6.1.0-9-amd64 are others than the build had"},
		"settings":            {change: write("etc/dkms/module0.conf", "#"), why: "the build had no /etc/dkms/module0.conf"},
		"framework.conf":      {change: write("etc/dkms/framework.conf", "#"), why: "the build had no /etc/dkms/framework.conf"},
		"an added patch":      {change: write("etc/dkms/module0/patches/a.patch", "#"), why: "the build had no /etc/dkms/module0/patches/a.patch"},
		"the compiler":        {change: write("var/lib/dpkg/info/gcc-12.md5sums", "4567  usr/bin/gcc-12\n"), why: "gcc-12 is another than the build used"},
		"the linker":          {change: write("usr/bin/ld", "other"), why: "/usr/bin/ld is another than the build used"},
		"the assembler":       {change: write("usr/bin/as", "other"), why: "/usr/bin/as is another than the build used"},
		"make":                {change: write("usr/bin/make", "other"), why: "/usr/bin/make is another than the build used"},
		"make somewhere else": {change: write("usr/local/bin/make", ""), why: "the build had no /usr/local/bin/make"},
		"the needed module":   {change: func(t *testing.T, m *madeMatrix) { m.record(t, "lower", "cd") }, why: "lower is another than the build used"},
		"mago":                {other: func(e *Engine, _ *unit) { e.Version = "2" }, why: "mago is 2, the build used 1"},
		"the date":            {other: func(e *Engine, _ *unit) { e.Date = time.Unix(86400, 0) }, why: "the date is 1970-01-02T00:00:00Z, the build used 2000-01-01T00:00:00Z"},
		"the maintainer":      {other: func(e *Engine, _ *unit) { e.Maintainer = "B <b@example.org>" }, why: "the maintainer is B <b@example.org>, the build used A Person <a@example.org>"},
		"--allow-file":        {other: func(e *Engine, _ *unit) { e.Allow = []payload.Glob{word.Must(payload.ParseGlob("/etc/x"))} }, why: "the build had no --allow-file"},
	} {
		t.Run(name, func(t *testing.T) {
			m := keyBench(t)
			before := m.keyWith(t, nil)
			if test.change != nil {
				test.change(t, m)
			}
			now := m.keyWith(t, test.other)
			if why := changed(now.inputs, before.inputs); now.key == before.key || why != test.why {
				t.Errorf("the same key: %v, why %q", now.key == before.key, why)
			}
		})
	}
}

// TestKeyCountsGit: what git says of a source shapes what a build makes of it, and in which files git keeps its objects does not.
func TestKeyCountsGit(t *testing.T) {
	m := keyBench(t)
	source := filepath.Join(m.root, "usr/src/module0-1.0")
	git := func(args ...string) {
		t.Helper()
		cmd := exec.Command("git", append([]string{"-C", source, "-c", "user.name=A", "-c", "user.email=a@example.org"}, args...)...)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("git %v: %v\n%s", args, err, out)
		}
	}
	last := m.keyWith(t, nil)
	for _, step := range []struct {
		args    []string
		another bool
	}{
		{[]string{"init", "-q"}, true}, {[]string{"add", "."}, true}, {[]string{"commit", "-q", "-m", "first"}, true}, {[]string{"tag", "v1"}, true},
		{[]string{"repack", "-q", "-n", "-d"}, false}, {[]string{"commit", "-q", "--allow-empty", "-m", "second"}, true},
	} {
		git(step.args...)
		now := m.keyWith(t, nil)
		if (now.key != last.key) != step.another {
			t.Errorf("git %v: another key: %v (%s)", step.args, !step.another, changed(now.inputs, last.inputs))
		}
		last = now
	}
}

// TestKeyDoesNotCount varies what shapes no package.
func TestKeyDoesNotCount(t *testing.T) {
	m := keyBench(t)
	before := m.keyWith(t, nil)
	for _, name := range []string{"etc/hostname", "etc/dkms/other.conf", "etc/timezone", "usr/bin/vim", keyHeaders + "vmlinux.o"} {
		m.write(t, name, "text")
	}
	m.add(t, "var/lib/dpkg/status", "Package: vim\nStatus: install ok installed\nArchitecture: amd64\nVersion: 9\n\n")
	t.Setenv("TZ", "Asia/Tokyo")
	t.Setenv("LC_ALL", "de_DE.UTF-8")
	t.Setenv("CFLAGS", "-O0")
	now := m.keyWith(t, func(e *Engine, u *unit) {
		e.Verbose, e.Force, e.Dest, e.pool = true, true, "/srv", jobs.NewPool(7)
		u.asNeed, u.above = true, []string{"upper"}
	})
	if now.key != before.key {
		t.Errorf("another key: %s", changed(now.inputs, before.inputs))
	}
}

func (m *madeMatrix) add(t *testing.T, name, text string) {
	t.Helper()
	old, err := os.ReadFile(filepath.Join(m.root, name))
	if err != nil {
		t.Fatal(err)
	}
	m.write(t, name, string(old)+text)
}
