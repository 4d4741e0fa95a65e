package engine

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"mago/cmd/mago/internal/store"
	"mago/debpkg/word"
	"mago/kbuild/kernel"
	"mago/kbuild/recipe"
	"mago/kbuild/sandbox"
)

// madeMatrix is a system whose lists have so many modules and whose kernels are so many, all known by their facts, with a record of
// every module for every kernel. None of its packages is really there, and no program is run but what ran counts.
type madeMatrix struct {
	root     string
	releases []string
	modules  int
	conf     map[string]map[string]string // by module, what its dkms.conf says beside its name and version
	ran      atomic.Int64
	runs     func(*exec.Cmd) error // what they do; nil: nothing
}

func newMadeMatrix(tb testing.TB, modules, kernels int) *madeMatrix {
	tb.Helper()
	m := &madeMatrix{root: tb.TempDir(), modules: modules}
	var lists, status strings.Builder
	fmt.Fprint(&status, "Package: dpkg\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1.21.22\n\nPackage: gcc-12\nStatus: install ok installed\nArchitecture: amd64\nVersion: 12.2.0-14\n\n")
	for i := range modules {
		name := fmt.Sprintf("module%d", i)
		fmt.Fprintf(&lists, "Package: %s-dkms\nVersion: 1.0-1\nArchitecture: all\nMaintainer: A Person <a@example.org>\nDepends: dkms\nSection: kernel\nFilename: pool/%s.deb\nSize: 1000\nSHA256: %064d\nDescription: one of many\n\n", name, name, i)
		m.write(tb, "usr/src/"+name+"-1.0/dkms.conf", "PACKAGE_NAME="+name+"\nPACKAGE_VERSION=1.0\nBUILT_MODULE_NAME[0]="+name+"\n")
		m.write(tb, "usr/src/"+name+"-1.0/"+name+".c", "int "+name+";\n")
	}
	const list = "var/lib/apt/lists/example.org_debian_dists_stable_"
	m.write(tb, list+"main_binary-amd64_Packages", lists.String())
	m.write(tb, list+"InRelease", "Suite: stable\n")
	m.write(tb, "etc/apt/sources.list", "deb http://example.org/debian stable main\n")
	m.write(tb, "var/lib/dpkg/status", status.String())
	for _, tool := range []string{"gcc-12", "make", "strip", "ld", "as"} {
		m.write(tb, "usr/bin/"+tool, "")
	}
	for i := range kernels {
		m.releases = append(m.releases, fmt.Sprintf("6.1.0-%d-amd64", i+1))
	}
	return m
}

func (m *madeMatrix) write(tb testing.TB, name, text string) {
	tb.Helper()
	path := filepath.Join(m.root, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		tb.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o755); err != nil {
		tb.Fatal(err)
	}
}

// engine is one that a call of mago would make: it knows nothing but the kernels' facts.
func (m *madeMatrix) engine(tb testing.TB) *Engine {
	tb.Helper()
	return m.engineWith(tb, Options{})
}

// engineWith is one of other options.
func (m *madeMatrix) engineWith(tb testing.TB, o Options) *Engine {
	tb.Helper()
	o.Root, o.Kernels, o.Version = m.root, m.releases, "1"
	run := func(cmd *exec.Cmd) error {
		switch {
		case slices.Contains(cmd.Args, "--print-architecture"):
			fmt.Fprintln(cmd.Stdout, "amd64")
		case slices.Contains(cmd.Args, "policy"):
			for _, name := range cmd.Args[slices.Index(cmd.Args, "--")+1:] {
				fmt.Fprintf(cmd.Stdout, "%s:\n  Installed: (none)\n  Candidate: 1.0-1\n  Version table:\n     1.0-1 500\n        500 http://example.org/debian stable/main amd64 Packages\n", name)
			}
		default:
			m.ran.Add(1)
			if m.runs != nil {
				return m.runs(cmd)
			}
		}
		return nil
	}
	e, err := New(o, Paths{Cache: filepath.Join(m.root, "var/cache/mago")}, Machine{Run: run, AsRoot: true}, nil, func(Event) {})
	if err != nil {
		tb.Fatal(err)
	}
	e.known.sandbox.now, e.known.sandbox.have = sandbox.Sandbox{Kind: sandbox.Bubblewrap}, true
	found := map[string]foundKernel{}
	for i, release := range m.releases {
		dir := "/usr/src/linux-headers-" + release
		sum := fmt.Sprintf("%064d", i)
		facts := kernel.Facts{Release: release, Headers: dir, Build: dir, Compiler: word.Must(word.ParseProgram("gcc-12")), Arch: "x86_64", Modules: "/lib/modules/" + release, Config: sum, Hash: sum}
		found[release] = foundKernel{Kernel: facts.Kernel(kernel.Opened{Package: "linux-headers-" + release, Version: "6.1.27-1"})}
	}
	e.known.kernels.now, e.known.kernels.have = found, true
	return e
}

// build has every unit recorded as a run would have left it, and an empty package in place of each; without keys, of which a plan
// of what is unchanged only has to find some, in a tenth of the time.
func (m *madeMatrix) build(tb testing.TB, keyed bool) {
	tb.Helper()
	e, ctx := m.engine(tb), tb.Context()
	if err := os.MkdirAll(e.store.Debs(), 0o755); err != nil {
		tb.Fatal(err)
	}
	targets, err := e.asked(ctx, Request{Words: []string{"all"}, Goal: Built})
	if err != nil || len(targets) != m.modules {
		tb.Fatalf("%d modules, %v", len(targets), err)
	}
	for _, t := range targets {
		if err := e.modules.openSource(ctx, &t); err != nil {
			tb.Fatal(err)
		}
		for _, release := range m.releases {
			k, _ := e.kernels.kernel(release)
			u := unit{t, k}
			now := m.key(tb, e, &u, keyed, targets)
			r := u.newRecord("somebody in bubblewrap, no network")
			r.SHA256 = hex.EncodeToString(sha256.New().Sum(nil)) // of the empty package
			r.Result, r.Package, r.Recipe, r.RecipeName, r.RecipeVersion = store.Built, u.packageName(), "dkms.conf", t.name, "1.0"
			for _, n := range u.needed {
				built, _ := e.store.Get(unit{n, k}.id())
				r.Needed = append(r.Needed, store.Needed{Module: n.name, Version: built.Version, SHA256: built.SHA256})
			}
			r.Key, r.Inputs, r.Basis = now.key, now.inputs, e.keys.basisOf(ctx, u, confWith(tb, t.name, m.conf[t.name]), now)
			r.Deb, r.Log = filepath.Join(e.store.Debs(), r.Package+"_"+r.Version+"_amd64.deb"), filepath.Join(e.store.Dir(u.id()), "build.log")
			r.Modules = []string{k.ModulesDir + "/updates/mago/" + t.name + ".ko.xz"}
			text, err := json.Marshal(r)
			if err != nil || (r.Basis == "") != (m.conf[t.name] != nil) {
				tb.Fatalf("%+v: %v", r, err)
			}
			m.write(tb, "var/cache/mago/builds/"+t.name+"/"+release+"/record.json", string(text))
			if err := os.WriteFile(r.Deb, nil, 0o644); err != nil {
				tb.Fatal(err)
			}
		}
	}
}

// key is a unit's, with the modules that its dkms.conf names of those that are asked for.
func (m *madeMatrix) key(tb testing.TB, e *Engine, u *unit, really bool, asked []target) keyed {
	tb.Helper()
	if !really {
		return keyed{key: "a key"}
	}
	key, err := recipe.Key(m.root, e.confs.job(u.target, u.Kernel))
	if err != nil {
		tb.Fatal(err)
	}
	conf := confWith(tb, u.name, m.conf[u.name])
	e.known.evaluated.keep(key, confEvaluation{conf: conf})
	if m.conf[u.name] != nil {
		if err := errors.Join(recipe.Keep(e.confs.confs(u.target), key, conf, false), e.modules.addBuildDepends(tb.Context(), u, asked)); err != nil {
			tb.Fatal(err)
		}
	}
	return e.keys.of(tb.Context(), *u, store.Record{Key: "any"})
}

// plan plans every module for every kernel in an engine of its own, and fails where anything is to be built.
func (m *madeMatrix) plan(tb testing.TB) (*Engine, *Plan) {
	tb.Helper()
	e := m.engine(tb)
	p, err := e.Plan(tb.Context(), Request{Words: []string{"all"}, Goal: Built})
	if err != nil || len(p.Units) != m.modules*len(m.releases) {
		tb.Fatalf("%v", err)
	}
	for _, u := range p.Units {
		if u.Err != nil || u.Due.Build || u.Key == "" {
			tb.Fatalf("%s: %v, %+v, key %q", u, u.Err, u.Due, u.Key)
		}
	}
	return e, p
}

// run carries a plan of what is all there out.
func (m *madeMatrix) run(tb testing.TB) {
	tb.Helper()
	e, p := m.plan(tb)
	report, err := e.Run(tb.Context(), p)
	if err != nil || slices.ContainsFunc(report.Results, func(r UnitResult) bool { return r.State != ResultThere }) {
		tb.Fatalf("%v: %+v", err, report)
	}
}

// TestMatrix: a matrix that is all there is planned and run without a program, and what its plan allocates for a unit is little.
func TestMatrix(t *testing.T) {
	m := newMadeMatrix(t, 6, 50)
	m.build(t, true)
	m.plan(t) // which makes the index
	m.ran.Store(0)
	const most = 200
	if per := testing.AllocsPerRun(1, func() { m.plan(t) }) / 300; per > most {
		t.Errorf("a unit takes %.0f allocations", per)
	}
	m.run(t)
	if n := m.ran.Load(); n > 0 {
		t.Errorf("%d programs were run", n)
	}
}

// BenchmarkPlan is a plan of 60 modules for 1,000 kernels that is all there: its processor time, and the most memory that the
// process has at a time.
func BenchmarkPlan(b *testing.B) {
	for _, kernels := range []int{10, 1000} {
		b.Run(fmt.Sprint("60 x ", kernels), func(b *testing.B) { benchmarkPlan(b, kernels) })
	}
}

// BenchmarkRun is of a plan and a run of what is all there.
func BenchmarkRun(b *testing.B) {
	m := newMadeMatrix(b, 60, 20)
	m.build(b, true)
	m.run(b)
	before := usage(b)
	for b.Loop() {
		m.run(b)
	}
	b.ReportMetric(float64(usage(b)-before)/1e9/float64(b.N), "cpu-s/op")
}

func benchmarkPlan(b *testing.B, kernels int) {
	m := newMadeMatrix(b, 60, kernels)
	m.build(b, false)
	m.plan(b)
	debug.FreeOSMemory()
	_ = os.WriteFile("/proc/self/clear_refs", []byte("5"), 0) // proc(5): the peak begins anew
	before := usage(b)
	for b.Loop() {
		m.plan(b)
	}
	b.ReportMetric(float64(usage(b)-before)/1e9/float64(b.N), "cpu-s/op")
	status, _ := os.ReadFile("/proc/self/status")
	for line := range strings.Lines(string(status)) {
		var kB float64
		if _, err := fmt.Sscanf(line, "VmHWM: %f kB", &kB); err == nil {
			b.ReportMetric(kB/1024, "MB")
		}
	}
}

// usage is the processor time of this process in nanoseconds.
func usage(b *testing.B) int64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return u.Utime.Nano() + u.Stime.Nano()
}
