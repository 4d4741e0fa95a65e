package proof

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"

	"mago/debpkg/word"
)

// debian is what one of its kernels, another module and this build give.
func debian() Kernel {
	return Kernel{
		Release: "6.1.0-56-amd64",
		Config:  map[string]string{"CONFIG_SMP": "y", "CONFIG_PREEMPT_BUILD": "y", "CONFIG_PREEMPTION": "y", "CONFIG_MODULE_UNLOAD": "y", "CONFIG_MODVERSIONS": "y"},
		Layers: []Layer{
			{"", Exports{"own": {CRC: 4, Module: "own-core"}, "replaced": {CRC: 8, Module: "own-core"}}},
			{"other-driver", Exports{"needed": {CRC: 3, Module: "other"}}},
			{"", Exports{
				"printk": {CRC: 1, Module: "vmlinux"}, "mii_link_ok": {CRC: 2, Module: "mii"}, "unversioned": {Module: "vmlinux"},
				"module_layout": {CRC: 9, Module: "vmlinux"}, "replaced": {CRC: 7, Module: "mii"},
			}},
		},
		Modules: map[string]bool{"mii": true, "other": true, "own_core": true},
	}
}

// good is a module that this kernel takes.
func good() Module {
	return Module{
		Vermagic: "6.1.0-56-amd64 SMP preempt mod_unload modversions ",
		Depends:  modules("mii", "other", "own-core"),
		Wants:    []string{"printk", "mii_link_ok", "unversioned", "needed", "own", "replaced"},
		Versions: map[string]uint32{"module_layout": 9, "printk": 1, "mii_link_ok": 2, "needed": 3, "own": 4, "replaced": 8},
	}
}

func modules(names ...string) (all []word.Module) {
	for _, name := range names {
		all = append(all, word.Must(word.ParseModule(name)))
	}
	return all
}

func TestCheck(t *testing.T) {
	for name, test := range map[string]struct {
		change func(*Module)
		want   string // a part of the first error
	}{
		"good":                {func(*Module) {}, ""},
		"the kernel's own":    {func(m *Module) { m.Versions["replaced"] = 7 }, ""},
		"another version":     {func(m *Module) { m.Versions["printk"] = 5 }, "symbol printk was compiled against version 0x00000005, and vmlinux has 0x00000001"},
		"neither version":     {func(m *Module) { m.Versions["replaced"] = 6 }, "symbol replaced was compiled against version 0x00000006"},
		"undefined":           {func(m *Module) { m.Wants = append(m.Wants, "nowhere") }, "module x would not load: symbol nowhere is exported neither by"},
		"no version":          {func(m *Module) { delete(m.Versions, "mii_link_ok") }, "symbol mii_link_ok of mii has no version"},
		"no versions":         {func(m *Module) { m.Versions, m.Wants = nil, m.Wants[1:] }, "symbol mii_link_ok of mii has no version"},
		"other headers":       {func(m *Module) { m.Versions["module_layout"] = 5 }, "symbol module_layout has another version in this kernel"},
		"unknown dependency":  {func(m *Module) { m.Depends = append(m.Depends, modules("nowhere")...) }, "module x depends on module nowhere, which neither"},
		"another kernel":      {func(m *Module) { m.Vermagic = strings.Replace(m.Vermagic, "amd64", "rt-amd64", 1) }, "module x: it was built for kernel"},
		"without modversions": {func(m *Module) { m.Vermagic = strings.Replace(m.Vermagic, "modversions ", "", 1) }, `differs in "modversions"`},
	} {
		t.Run(name, func(t *testing.T) {
			m := good()
			test.change(&m)
			uses, err := Check("x", m, debian())
			if test.want == "" && (err != nil || !slices.Equal(uses, []string{"other-driver"})) {
				t.Errorf("uses %v, %v", uses, err)
			}
			if test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
				t.Errorf("got  %v\nwant %s", err, test.want)
			}
		})
	}
}

// TestCheckWithoutModversions: such a kernel compares no versions, and its Module.symvers may still list some.
func TestCheckWithoutModversions(t *testing.T) {
	k, m := debian(), good()
	k.Config = maps.Clone(k.Config)
	delete(k.Config, "CONFIG_MODVERSIONS")
	m.Vermagic, m.Versions = strings.Replace(m.Vermagic, "modversions ", "", 1), nil
	if _, err := Check("x", m, k); err != nil {
		t.Errorf("got %v", err)
	}
}

// TestCheckRelease: a release is compared as a whole.
func TestCheckRelease(t *testing.T) {
	for _, other := range []string{"6.1.0-5", "6.1.0-56-amd64 SMP", ""} {
		var vermagic *VermagicError
		if err := CheckVermagic(good().Vermagic, Kernel{Release: other}); !errors.As(err, &vermagic) || vermagic.Release != other {
			t.Errorf("%q: got %v", other, err)
		}
	}
	if CheckVermagic("", debian()) == nil {
		t.Error("a module without vermagic passes")
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
		config := map[string]string{}
		for _, option := range strings.Fields(test.config) {
			config["CONFIG_"+option] = "y"
		}
		if got := (Kernel{Config: config}).mismatch(test.vermagic); got != test.want {
			t.Errorf("%q with %s: %q, want %q", test.vermagic, test.config, got, test.want)
		}
	}
}
