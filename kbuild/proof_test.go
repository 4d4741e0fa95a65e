package kbuild

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"mago/debpkg/codec"
	"mago/kbuild/kernel"
	"mago/kbuild/sandbox"
)

func (m made) read(t *testing.T) elfModule {
	t.Helper()
	read, err := readModule(bytes.NewReader(m.bytes()))
	if err != nil {
		t.Fatal(err)
	}
	return read
}

// debian is what one of its kernels, another module and this build give.
func debian() *proof {
	needs := Exports{"needed": {CRC: 3, Module: "other"}}
	exported := Exports{
		"printk": {CRC: 1, Module: "vmlinux"}, "mii_link_ok": {CRC: 2, Module: "mii"}, "unversioned": {Module: "vmlinux"},
		"module_layout": {CRC: 9, Module: "vmlinux"}, "replaced": {CRC: 7, Module: "mii"},
	}
	return &proof{
		kernel: kernel.Kernel{Release: "6.1.0-56-amd64", Config: debianConfig}, owners: map[string]string{"needed": "other-driver"},
		layers: []Exports{{"own": {CRC: 4, Module: "own-core"}, "replaced": {CRC: 8, Module: "own-core"}}, needs, exported},
		given:  map[string]bool{"mii": true, "other": true, "own_core": true},
	}
}

func TestProof(t *testing.T) {
	crcs := map[string]uint32{"module_layout": 9, "printk": 1, "mii_link_ok": 2, "needed": 3, "own": 4, "replaced": 8}
	changed := func(name string, crc uint32) []byte {
		c := map[string]uint32{}
		for n, v := range crcs {
			c[n] = v
		}
		c[name] = crc
		return versionRecords(c)
	}
	all := []string{"printk", "mii_link_ok", "unversioned", "needed", "own", "replaced"}
	for name, test := range map[string]struct {
		change func(*made)
		want   string // a part of the first error
	}{
		"good":                {func(*made) {}, ""},
		"the kernel's own":    {func(m *made) { m.versions = changed("replaced", 7) }, ""},
		"weak":                {func(m *made) { m.weak = []string{"nowhere"} }, ""},
		"another version":     {func(m *made) { m.versions = changed("printk", 5) }, "symbol printk was compiled against version 0x00000005, and vmlinux has 0x00000001"},
		"neither version":     {func(m *made) { m.versions = changed("replaced", 6) }, "symbol replaced was compiled against version 0x00000006"},
		"undefined":           {func(m *made) { m.wants = append(m.wants, "nowhere") }, "module x would not load: symbol nowhere is exported by nothing"},
		"no version":          {func(m *made) { m.versions = versionRecords(map[string]uint32{"printk": 1}) }, "symbol mii_link_ok of mii has no version"},
		"no versions":         {func(m *made) { m.versions = nil }, "symbol mii_link_ok of mii has no version"},
		"other headers":       {func(m *made) { m.versions = changed("module_layout", 5) }, "symbol module_layout is another in this kernel"},
		"unknown dependency":  {func(m *made) { m.modinfo += "depends=mii,nowhere\x00" }, "module x depends on module nowhere, which neither"},
		"another kernel":      {func(m *made) { m.modinfo = strings.Replace(m.modinfo, "6.1.0-56-amd64", "6.1.0-56-rt-amd64", 1) }, "module x: it was built for kernel"},
		"without modversions": {func(m *made) { m.modinfo = strings.Replace(m.modinfo, "modversions ", "", 1) }, `differs in "modversions"`},
	} {
		t.Run(name, func(t *testing.T) {
			m := made{modinfo: modinfoText + "depends=mii,other,own-core\x00", wants: slices.Clone(all), versions: versionRecords(crcs)}
			test.change(&m)
			p := debian()
			wrong := p.check("x", m.read(t))
			if test.want == "" && (len(wrong) > 0 || !slices.Equal(p.used, []string{"other-driver"})) {
				t.Errorf("uses %v, wrong %v", p.used, wrong)
			}
			if test.want != "" && (len(wrong) == 0 || !strings.Contains(wrong[0].Error(), test.want)) {
				t.Errorf("got  %v\nwant %s", wrong, test.want)
			}
		})
	}
}

// TestProofWithoutModversions: such a kernel compares no versions, and its Module.symvers may still list some.
func TestProofWithoutModversions(t *testing.T) {
	p := debian()
	p.kernel.Config = kernel.Config{"CONFIG_SMP": "y", "CONFIG_PREEMPT": "y", "CONFIG_MODULE_UNLOAD": "y"}
	m := made{modinfo: strings.Replace(modinfoText, "modversions ", "", 1), wants: []string{"printk"}}
	if wrong := p.check("x", m.read(t)); len(wrong) > 0 {
		t.Errorf("got %v", wrong)
	}
}

func TestVermagic(t *testing.T) {
	for _, test := range []struct{ vermagic, config, want string }{
		{"6.1 SMP preempt mod_unload modversions ", "SMP PREEMPT_BUILD MODULE_UNLOAD MODVERSIONS", ""},
		{"6.1 SMP preempt_rt mod_unload modversions ", "SMP PREEMPT_RT PREEMPTION MODULE_UNLOAD MODVERSIONS", ""},
		{"5.10 SMP mod_unload modversions RANDSTRUCT_PLUGIN_0123 aarch64", "SMP MODULE_UNLOAD MODVERSIONS", ""},
		{"6.1 SMP preempt mod_unload modversions ", "SMP MODULE_UNLOAD MODVERSIONS", "preempt"},
		{"6.1 SMP preempt_rt mod_unload modversions ", "SMP PREEMPT_BUILD MODULE_UNLOAD MODVERSIONS", "preempt_rt"},
		{"6.1 SMP mod_unload modversions ", "SMP PREEMPT_RT MODULE_UNLOAD MODVERSIONS", "preempt"},
		{"6.1 mod_unload modversions ", "SMP MODULE_UNLOAD MODVERSIONS", "SMP"},
		{"6.1 SMP modversions ", "SMP MODULE_UNLOAD MODVERSIONS", "mod_unload"},
	} {
		config := kernel.Config{}
		for _, option := range strings.Fields(test.config) {
			config["CONFIG_"+option] = "y"
		}
		if got := (modinfo{vermagic: test.vermagic}).mismatch(kernel.Kernel{Config: config}); got != test.want {
			t.Errorf("%q with %s: %q, want %q", test.vermagic, test.config, got, test.want)
		}
	}
}

const (
	offers = "#include <linux/module.h>\nint mago_offered(int x);\nint mago_offered(int x) { return x + 1; }\nEXPORT_SYMBOL_GPL(mago_offered);\nMODULE_DESCRIPTION(\"x\");\nMODULE_LICENSE(\"GPL\");\n"
	takes  = "#include <linux/module.h>\nint mago_offered(int x);\nstatic int __init takes_init(void) { return mago_offered(-1); }\nmodule_init(takes_init);\nMODULE_DESCRIPTION(\"x\");\nMODULE_LICENSE(\"GPL\");\n"
)

// TestNeededModules builds a module that takes a symbol from another: together, apart where modpost is told to only warn,
// and apart with the other one as needed.
func TestNeededModules(t *testing.T) {
	b := newBench(t)
	both := b.mustBuild(t, tree{"offers.c": offers, "takes.c": takes, "Makefile": "obj-m := offers.o takes.o\n"}.write(t, t.TempDir()))
	if both.Symvers == "" || len(both.Uses) > 0 {
		t.Fatalf("got %+v", both)
	}
	source := with(t, tree{"takes.c": takes, "Makefile": "obj-m := takes.o\n", "dkms.conf": "PACKAGE_NAME=takes PACKAGE_VERSION=1\n" +
		"MAKE='make KBUILD_MODPOST_WARN=1 -C $kernel_source_dir M=$dkms_tree/takes/1/build'\n"})
	_, err := b.build(t, source)
	var symbol *SymbolError
	if !errors.As(err, &symbol) || symbol.Module != "takes" || symbol.Symbol != "mago_offered" {
		t.Errorf("got %v", err)
	}
	if !strings.Contains(b.log.String(), "\nmago: module takes would not load: symbol mago_offered ") {
		t.Errorf("the log does not tell")
	}
	exports, err := readSymversFile(os.Open(both.Symvers))
	if err != nil || len(exports) != 1 || exports["mago_offered"].Module != "offers" || exports["mago_offered"].CRC == 0 {
		t.Fatalf("got %+v, %v", exports, err)
	}
	job := b.job(t, source)
	job.Needed = []Needed{{Module: "offering", Name: "offers", Version: "1", Source: Source{Dir: t.TempDir()}, Modules: filepath.Dir(both.Symvers)}}
	result, err := b.builder().Build(t.Context(), job)
	if err != nil || !slices.Equal(result.Uses, []string{"offering"}) {
		t.Errorf("got %+v, %v", result, err)
	}
}

// TestNeededEpoch: KBUILD_EXTRA_SYMBOLS stands among make's prerequisites.
func TestNeededEpoch(t *testing.T) {
	from, k := tree{symversFile: "", "a.ko": ""}.write(t, t.TempDir()), kernel.Kernel{Release: "6.1", Arch: "x86_64"}
	job := Job{Kernel: k, Work: t.TempDir(), Needed: []Needed{{Name: "a", Version: "1:2.0-1", Source: Source{Dir: from}, Modules: from}}}
	s, err := (&Builder{Sandbox: sandbox.Sandbox{Kind: sandbox.Bubblewrap}}).open(t.Context(), job)
	if err != nil {
		t.Fatal(err)
	}
	defer s.work.Close()
	if err := s.placeNeeded(); err != nil {
		t.Fatal(err)
	}
	if want := []string{sandbox.Mount + "/a/1_2.0-1/6.1/x86_64/module/" + symversFile}; !slices.Equal(s.symvers, want) {
		t.Errorf("got %q, want %q", s.symvers, want)
	}
}

// TestCompletes: a recipe that promises one of two modules gets the other as well, where the first needs it.
func TestCompletes(t *testing.T) {
	b := newBench(t)
	result := b.mustBuild(t, with(t, tree{"offers.c": offers, "takes.c": takes, "Makefile": "obj-m := offers.o takes.o hello.o\n",
		"dkms.conf": "PACKAGE_NAME=takes PACKAGE_VERSION=1\nMAKE='make -C $kernel_source_dir M=$dkms_tree/takes/1/build'\n"}))
	var names []string
	for _, m := range result.Modules {
		names = append(names, m.Name)
	}
	if !slices.Equal(names, []string{"takes", "offers"}) {
		t.Errorf("got %v", names)
	}
}

// TestRenamed: modules whose files were renamed after they were linked depend on each other by their first names, as
// NVIDIA's do in debian/rules.
func TestRenamed(t *testing.T) {
	b := newBench(t)
	result := b.mustBuild(t, with(t, tree{"offers.c": offers, "takes.c": takes, "Makefile": "obj-m := offers.o takes.o\n",
		"dkms.conf": "PACKAGE_NAME=takes PACKAGE_VERSION=1 BUILT_MODULE_NAME=(new-takes new-offers)\n" +
			"MAKE='make -C $kernel_source_dir M=$dkms_tree/takes/1/build && rm Module.symvers && mv takes.ko new-takes.ko && mv offers.ko new-offers.ko'\n"}))
	if len(result.Modules) != 2 {
		t.Errorf("got %+v", result.Modules)
	}
}

// TestOneFileManyNames: what is known of modules is bounded for all of them together, though each is small enough.
func TestOneFileManyNames(t *testing.T) {
	module := made{modinfo: "vermagic=6.1.0-56-amd64 SMP\x00name=x\x00"}
	for i := range 5000 {
		module.wants = append(module.wants, fmt.Sprintf("%0400d", i))
	}
	work := t.TempDir()
	if err := os.WriteFile(filepath.Join(work, "m.ko"), module.bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	var built []builtModule
	for i := range 200 {
		name := fmt.Sprintf("m%d", i)
		if err := os.Link(filepath.Join(work, "m.ko"), filepath.Join(work, name+".ko")); err != nil {
			t.Fatal(err)
		}
		built = append(built, builtModule{path: name + ".ko", dest: name})
	}
	_, err := stepsIn(t, work, "").prove(built, debian())
	var limit *codec.LimitError
	if !errors.As(err, &limit) || limit.Max != maxFacts {
		t.Errorf("got %.300v", err)
	}
	one := stepsIn(t, work, "")
	one.log = &boundedLog{to: io.Discard}
	_, err = one.prove(built[:1], debian())
	if err == nil || errors.As(err, &limit) {
		t.Errorf("one of them: got %.300v", err)
	}
}
