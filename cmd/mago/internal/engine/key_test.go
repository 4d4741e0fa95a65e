package engine

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"mago/cmd/mago/internal/store"
	"mago/debpkg/payload"
	"mago/debpkg/word"
	"mago/kbuild/dkms"
	"mago/kbuild/jobs"
	"mago/kbuild/kernel"
	"mago/kbuild/recipe"
	"mago/kbuild/sandbox"
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
	m.write(t, "usr/local/bin/gcc-11", "")
	m.write(t, cc1, "")
	m.add(t, "var/lib/dpkg/status", "Package: module0-dkms\nStatus: install ok installed\nArchitecture: all\nVersion: 1.0-1\n\nPackage: libelf-dev\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1\n\n")
	m.write(t, "var/lib/dpkg/info/module0-dkms.list", "/.\n/usr\n"+brought+"\n/etc/modprobe.d/module0.conf\n")
	m.write(t, brought, "rule\n")
	m.write(t, "etc/modprobe.d/module0.conf", "#\n")
	m.write(t, "etc/flavours", "")
	m.record(t, "lower", "ab")
	return m
}

// cc1 is what a compiler runs that somebody has installed by hand.
const cc1 = "usr/local/lib/gcc/x86_64-linux-gnu/11/cc1"

// brought is a file that the module's source package has beside its source.
const brought = "/usr/lib/udev/rules.d/60-module0.rules"

// record has a build of a needed module be there.
func (m *madeMatrix) record(t *testing.T, module, sum string) {
	t.Helper()
	m.write(t, "var/cache/mago/builds/"+module+"/"+keyRelease+"/record.json", `{"format":3,"module":"`+module+`","kernel":"`+keyRelease+`","result":"built","version":"1","sha256":"`+sum+`"}`)
}

// unitWith is the module's unit as an engine of other options finds it, which other changes before it looks; conf is what its
// dkms.conf says beside its name and version.
func (m *madeMatrix) unitWith(t *testing.T, conf map[string]string, other func(e *Engine, u *unit)) (*Engine, unit, *dkms.Conf) {
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
	key, err := recipe.Key(m.root, e.confs.job(u.target, u.Kernel))
	if err != nil {
		t.Fatal(err)
	}
	evaluated := confWith(t, "module0", conf)
	e.known.evaluated.keep(key, confEvaluation{conf: evaluated})
	return e, u, evaluated
}

// confWith is an evaluated dkms.conf of that name.
func confWith(t testing.TB, name string, directives map[string]string) *dkms.Conf {
	t.Helper()
	empty, err := new(dkms.Conf).Encode()
	if err != nil {
		t.Fatal(err)
	}
	var kept map[string]any
	if err := json.Unmarshal(empty, &kept); err != nil {
		t.Fatal(err)
	}
	values := map[string]map[int]string{"PACKAGE_NAME": {0: name}, "PACKAGE_VERSION": {0: "1.0"}, "BUILT_MODULE_NAME": {0: name}, "DEST_MODULE_LOCATION": {0: "/updates"}}
	for name, value := range directives {
		values[name] = map[int]string{0: value}
	}
	kept["directives"] = values
	text, err := json.Marshal(kept)
	if err != nil {
		t.Fatal(err)
	}
	conf, err := dkms.Decode(text)
	if err != nil {
		t.Fatal(err)
	}
	return conf
}

// keyWith is what shapes that unit.
func (m *madeMatrix) keyWith(t *testing.T, other func(e *Engine, u *unit)) keyed {
	t.Helper()
	e, u, _ := m.unitWith(t, nil, other)
	now := e.keys.of(t.Context(), u, store.Record{})
	if now.key == "" {
		t.Fatal("no key")
	}
	return now
}

// TestKeyCounts varies, one at a time, each input that shapes a unit: the key is another, the reason names the input, and no basis
// stands for the key of before.
func TestKeyCounts(t *testing.T) {
	write := func(name, text string) func(*testing.T, *madeMatrix) {
		return func(t *testing.T, m *madeMatrix) { m.write(t, name, text) }
	}
	replace := func(name, old, text string) func(*testing.T, *madeMatrix) {
		return func(t *testing.T, m *madeMatrix) { m.replace(t, name, old, text) }
	}
	for name, test := range map[string]struct {
		conf   map[string]string // of both
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
		"make arguments":      {other: func(e *Engine, _ *unit) { e.MakeArguments = []string{"V=1", "A=b c"} }, why: "Make-Arguments is V=1 'A=b c', the build had none"},
		"dkms.conf's variables": {other: func(e *Engine, _ *unit) {
			e.Modules = map[string]ModuleOptions{"module0": {Maintainer: e.Maintainer, Variables: []string{"A=1"}}}
		}, why: "Dkms-Variables is A=1, the build had none"},
		"early boot":                 {other: func(e *Engine, _ *unit) { e.Early = No }, why: "Early-Boot is no, the build had none"},
		"the maintainer":             {other: func(e *Engine, _ *unit) { e.Maintainer = "B <b@example.org>" }, why: "the maintainer is B <b@example.org>, the build used A Person <a@example.org>"},
		"--allow-file":               {other: func(e *Engine, _ *unit) { e.Allow = []payload.Glob{word.Must(payload.ParseGlob("/etc/x"))} }, why: "--allow-file is /etc/x, the build had none"},
		"the source's version":       {other: func(_ *Engine, u *unit) { u.version = "2" }, why: "the source is another than that of what is built"},
		"the kernel's version":       {other: func(_ *Engine, u *unit) { u.Kernel.Version = "2" }, why: "the headers of 6.1.0-9-amd64 are others than the build had"},
		"the kernel's image":         {other: func(_ *Engine, u *unit) { u.Kernel.Package = "linux-headers-" + keyRelease }, why: "the recommended kernel is linux-image-6.1.0-9-amd64, the build had none"},
		"the architecture":           {change: replace("var/lib/dpkg/status", "Package: dpkg\nStatus: install ok installed\nArchitecture: amd64", "Package: dpkg\nStatus: install ok installed\nArchitecture: arm64"), why: "the architecture is arm64, the build used amd64"},
		"a file in framework.conf.d": {change: write("etc/dkms/framework.conf.d/a.conf", "#"), why: "the build had no /etc/dkms/framework.conf.d/a.conf"},
		"what the build exports":     {conf: map[string]string{"build_environment": "/etc/flavours"}, change: write("etc/flavours", "export A=b"), why: "/etc/flavours has changed since"},
		"what comes with the source": {change: write(brought, "another\n"), why: brought + " has changed since"},
		"what came with the source":  {change: func(t *testing.T, m *madeMatrix) { m.remove(t, brought) }, why: brought + " is gone"},
		"who vouches":                {other: func(_ *Engine, u *unit) { u.edited = true }, why: "what is installed under such names is module0-dkms, the build had none"},
		"the needed one unbuilt":     {other: func(_ *Engine, u *unit) { u.needed[0].unbuilt = true }, why: "lower is another than the build used"},
		"no needed one":              {other: func(_ *Engine, u *unit) { u.needed = nil }, why: "the build used lower"},
		"the compiler's version":     {change: replace("var/lib/dpkg/status", "12.2.0-14", "12.2.0-15"), why: "gcc-12 is 12.2.0-15, the build used 12.2.0-14"},
		"what a package needs":       {other: func(_ *Engine, u *unit) { p := *u.pkg; p.Depends = "dkms, libelf-dev"; u.pkg = &p }, why: "the build had no libelf-dev"},
		"an interpreter":             {change: write("usr/bin/patch", ""), conf: map[string]string{"PATCH": "a.patch"}, why: "the build had no /usr/bin/patch"},
	} {
		t.Run(name, func(t *testing.T) {
			m, ctx := keyBench(t), t.Context()
			e, u, conf := m.unitWith(t, test.conf, nil)
			before := e.keys.of(ctx, u, store.Record{})
			r := store.Record{Format: store.Format, Key: before.key, Basis: e.keys.basisOf(ctx, u, conf, before), Needed: []store.Needed{{Module: "lower", Version: "1", SHA256: "ab"}}}
			if want := test.conf["build_environment"] == ""; isUnchanged(u, r.Basis, r, e.store.Get) != want || before.key == "" {
				t.Fatalf("before: key %q, basis %q", before.key, r.Basis)
			}
			if test.change != nil {
				test.change(t, m)
			}
			e, u, _ = m.unitWith(t, test.conf, test.other)
			now := e.keys.of(ctx, u, store.Record{})
			if why := changed(now.inputs, before.inputs); now.key == "" || now.key == before.key || !strings.HasPrefix(why, test.why) {
				t.Errorf("key %q, before %q, why %q", now.key, before.key, why)
			}
			if isUnchanged(u, e.keys.basis(ctx, u), r, e.store.Get) {
				t.Error("the basis is the same")
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

// replace puts one text for another into a file, which has to have it.
func (m *madeMatrix) replace(t *testing.T, name, old, text string) {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(m.root, name))
	if err != nil || !strings.Contains(string(content), old) {
		t.Fatalf("%s has no %q: %v", name, old, err)
	}
	m.write(t, name, strings.ReplaceAll(string(content), old, text))
}

func (m *madeMatrix) remove(t *testing.T, name string) {
	t.Helper()
	if err := os.Remove(filepath.Join(m.root, name)); err != nil {
		t.Fatal(err)
	}
}

// TestKeyOfDirectory: where a build sees the directory that it lies in that counts, and no basis stands for it; what was built where
// all machines have the same one serves there, too.
func TestKeyOfDirectory(t *testing.T) {
	m, ctx := keyBench(t), t.Context()
	shown := m.keyWith(t, nil)
	e, u, conf := m.unitWith(t, nil, func(e *Engine, _ *unit) { e.known.sandbox.now = sandbox.Sandbox{Kind: sandbox.User} })
	now := e.keys.of(ctx, u, store.Record{})
	if why := changed(now.inputs, shown.inputs); !strings.HasPrefix(why, workDirName+" is "+m.root) || now.key == shown.key || e.keys.basisOf(ctx, u, conf, now) != "" {
		t.Errorf("the same key: %v, why %q", now.key == shown.key, why)
	}
	if now := e.keys.of(ctx, u, store.Record{Key: shown.key, Inputs: shown.inputs}); now.key != shown.key {
		t.Errorf("what was built elsewhere: %s", changed(now.inputs, shown.inputs))
	}
	if again := e.keys.of(ctx, u, store.Record{Key: now.key, Inputs: now.inputs}); again.key != now.key {
		t.Errorf("what was built here: %s", changed(again.inputs, now.inputs))
	}
}

// TestKeyCountsJobs: how many compilers may run counts only where a dkms.conf takes it for something else than make's -j.
func TestKeyCountsJobs(t *testing.T) {
	for command, counts := range map[string]bool{"make -j$parallel_jobs": false, "make N=$parallel_jobs": true} {
		m := keyBench(t)
		m.add(t, "usr/src/module0-1.0/dkms.conf", "MAKE=\""+command+"\"\n")
		with := func(n, most int) keyed {
			return m.keyWith(t, func(e *Engine, _ *unit) { e.pool, e.ModuleOptions.MostJobs = jobs.NewPool(n), most })
		}
		for _, less := range []keyed{with(1, 0), with(7, 1)} {
			if why := changed(with(7, 0).inputs, less.inputs); (why != "") != counts {
				t.Errorf("%s: %q", command, why)
			}
		}
	}
}

// TestKeyCountsPasses: of a compiler that no package has, what it runs counts.
func TestKeyCountsPasses(t *testing.T) {
	m := keyBench(t)
	m.replace(t, keyHeaders+".kernelvariables", "gcc-12", "gcc-11")
	before := m.keyWith(t, nil)
	m.write(t, cc1, "another")
	if why := changed(m.keyWith(t, nil).inputs, before.inputs); why != "/"+cc1+" is another than the build used" {
		t.Errorf("got %q", why)
	}
}

// TestPlanWithoutBasis: no basis stands for a unit that BUILD_DEPENDS or a build's environment shapes. Where all is there nothing is
// run for it either, since its evaluation is kept, and what these lead to counts.
func TestPlanWithoutBasis(t *testing.T) {
	for name, test := range map[string]struct {
		conf   map[string]string
		change func(*testing.T, *madeMatrix)
		why    string
	}{
		"BUILD_DEPENDS": {map[string]string{"BUILD_DEPENDS": "module0"}, func(t *testing.T, m *madeMatrix) {
			m.replace(t, "var/cache/mago/builds/module0/6.1.0-2-amd64/record.json", `"sha256":"e3b0`, `"sha256":"aab0`)
		}, "module0 is another than the build used"},
		"build_environment": {map[string]string{"build_environment": "/etc/flavours"}, func(t *testing.T, m *madeMatrix) {
			m.write(t, "etc/flavours", "export A=b")
		}, "/etc/flavours has changed since"},
	} {
		t.Run(name, func(t *testing.T) {
			m := newMadeMatrix(t, 2, 3)
			m.write(t, "etc/flavours", "")
			m.conf = map[string]map[string]string{"module1": test.conf}
			m.build(t, true)
			m.ran.Store(0)
			if m.run(t); m.ran.Load() > 0 {
				t.Errorf("%d programs were run", m.ran.Load())
			}
			test.change(t, m)
			p, err := m.engine(t).Plan(t.Context(), Request{Words: []string{"module1"}, Goal: Built})
			if err != nil {
				t.Fatal(err)
			}
			due := slices.DeleteFunc(p.Units, func(u Unit) bool { return u.name != "module1" || u.Kernel.Release != "6.1.0-2-amd64" })
			if len(due) != 1 || due[0].Due.Why != test.why || m.ran.Load() > 0 {
				t.Errorf("got %+v after %d programs", due, m.ran.Load())
			}
		})
	}
}
