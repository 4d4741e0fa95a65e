package proof

import (
	"errors"
	"maps"
	"slices"
	"testing"
)

// next is a kernel of another release that has the same symbols as debian().
func next() Kernel {
	k := debian()
	k.Release = "6.1.0-57-amd64"
	for _, l := range k.Layers {
		for symbol, export := range l.Exports {
			export.Line = "0x00000000\t" + symbol + "\t" + export.Module + "\tEXPORT_SYMBOL\t"
			l.Exports[symbol] = export
		}
	}
	return k
}

// older is good() as the kernel before would have taken it: with the CRC of every symbol that it uses.
func older() Module {
	m := good()
	m.License = "GPL"
	m.Versions["unversioned"] = 0
	return m
}

func TestFits(t *testing.T) {
	uses, err := Fits(map[string]Module{"hello": older()}, next())
	if err != nil || !slices.Equal(uses, []string{"other-driver"}) {
		t.Errorf("got %q, %v", uses, err)
	}
}

// TestFitsRefuses: one thing that a kernel would refuse, or that makes a module another one there, and it does not fit.
func TestFitsRefuses(t *testing.T) {
	kernels := func(k Kernel) Exports { return k.Layers[len(k.Layers)-1].Exports }
	export := func(k Kernel, symbol string, change func(*Export)) {
		e := kernels(k)[symbol]
		change(&e)
		kernels(k)[symbol] = e
	}
	for want, change := range map[string]func(*Module, *Kernel){
		"1 symbol has changed: printk": func(_ *Module, k *Kernel) { export(*k, "printk", func(e *Export) { e.CRC++ }) },
		"2 symbols have changed: mii_link_ok, printk": func(_ *Module, k *Kernel) {
			delete(kernels(*k), "mii_link_ok")
			export(*k, "printk", func(e *Export) { e.CRC = 0 })
		},
		"1 symbol has changed: module_layout": func(m *Module, _ *Kernel) { m.Versions["module_layout"]++ },
		"1 symbol has changed: needed": func(_ *Module, k *Kernel) {
			k.Layers[1].Exports["needed"] = Export{CRC: 30, Module: "other", Line: "0x0000001e\tneeded\tother\tEXPORT_SYMBOL\t"}
		},
		"1 symbol has changed: perhaps": func(m *Module, k *Kernel) {
			m.Weak = []string{"perhaps"}
			kernels(*k)["perhaps"] = Export{CRC: 5, Line: "0x00000005\tperhaps\tvmlinux\tEXPORT_SYMBOL\t"}
		},
		"1 symbol has changed: mii_link_ok": func(m *Module, k *Kernel) {
			m.License = "Proprietary"
			export(*k, "mii_link_ok", func(e *Export) { e.Line = "0x00000002\tmii_link_ok\tmii\tEXPORT_SYMBOL_GPL\t" })
		},
		"1 symbol has changed: replaced": func(_ *Module, k *Kernel) { // to another one's namespace, as Linux 5.4 has it
			k.Layers = slices.Delete(k.Layers, 0, 1)
			export(*k, "replaced", func(e *Export) { e.CRC = 8; e.Line = "0x00000008\treplaced\tMII\tmii\tEXPORT_SYMBOL" })
			kernels(*k)["own"] = Export{CRC: 4, Line: "0x00000004\town\tmii\tEXPORT_SYMBOL\t"}
		},
		"1 symbol has changed: unversioned": func(m *Module, _ *Kernel) { delete(m.Versions, "unversioned") },
		"6 symbols have changed: mii_link_ok, module_layout, needed, own, printk, …": func(m *Module, _ *Kernel) {
			for symbol := range maps.Keys(m.Versions) {
				m.Versions[symbol] += 100
			}
			m.Versions["unversioned"] = 0
		},
		"module hello has no CRC of module_layout": func(m *Module, _ *Kernel) { delete(m.Versions, "module_layout") },
		`module hello has a vermagic that differs in "preempt"`: func(_ *Module, k *Kernel) {
			clear(k.Config)
			k.Config["CONFIG_SMP"] = "y"
			k.Config["CONFIG_MODULE_UNLOAD"] = "y"
			k.Config["CONFIG_MODVERSIONS"] = "y"
		},
		"module hello carries BTF types, which refer to those of its own kernel": func(m *Module, k *Kernel) {
			m.BTF, k.Config["CONFIG_DEBUG_INFO_BTF_MODULES"], k.Config["CONFIG_MODULE_ALLOW_BTF_MISMATCH"] = true, "y", "y"
		},
		"module hello depends on module mii, which is not there": func(_ *Module, k *Kernel) { delete(k.Modules, "mii") },
		"kernel 6.1.0-57-amd64 takes modules of its own release only (no CONFIG_MODVERSIONS)": func(_ *Module, k *Kernel) {
			delete(k.Config, "CONFIG_MODVERSIONS")
		},
	} {
		t.Run(want, func(t *testing.T) {
			m, k := older(), next()
			change(&m, &k)
			uses, err := Fits(map[string]Module{"hello": m}, k)
			if err == nil || err.Error() != want {
				t.Errorf("got %q, %v", uses, err)
			}
		})
	}
}

// TestFitsTogether: modules of one package may use each other's symbols, and what has changed is told of all at once.
func TestFitsTogether(t *testing.T) {
	a, b, k := older(), older(), next()
	a.Versions["printk"]++
	b.Versions["printk"]++
	b.Versions["needed"]++
	_, err := Fits(map[string]Module{"a": a, "b": b}, k)
	var changed *ChangedError
	if !errors.As(err, &changed) || !slices.Equal(changed.Symbols, []string{"needed", "printk"}) {
		t.Errorf("got %v", err)
	}
}

// TestNamespaces: a symbol of a namespace is for those that import it, whichever column the namespace is in.
func TestNamespaces(t *testing.T) {
	for line, want := range map[string]bool{
		"0x1\ta\tm\tEXPORT_SYMBOL_GPL\tCRYPTO": true, "0x1\ta\tCRYPTO\tm\tEXPORT_SYMBOL_GPL": true,
		"0x1\ta\tm\tEXPORT_SYMBOL_GPL\tOTHER": false, "0x1\ta\tOTHER\tm\tEXPORT_SYMBOL": false,
		"0x1\ta\tm\tEXPORT_SYMBOL_GPL": true, "0x1\ta\t\tm\tEXPORT_SYMBOL": true, "": true,
	} {
		m := Module{License: "Dual BSD/GPL", Namespaces: []string{"CRYPTO"}}
		if got := (Export{Line: line}).isFor(m); got != want {
			t.Errorf("%q: %v", line, got)
		}
	}
}

// TestBTF: types that name their base are found anew by a kernel that may also go without them.
func TestBTF(t *testing.T) {
	for _, test := range []struct {
		base             bool
		modules, mayMiss string
		want             bool
	}{
		{true, "y", "y", true}, {true, "y", "", false}, {false, "y", "y", false}, {false, "", "", true}, {true, "", "y", true},
	} {
		k := Kernel{Config: map[string]string{"CONFIG_DEBUG_INFO_BTF_MODULES": test.modules, "CONFIG_MODULE_ALLOW_BTF_MISMATCH": test.mayMiss}}
		if got := k.takesBTF(Module{BTF: true, BTFBase: test.base}); got != test.want {
			t.Errorf("%+v: got %v", test, got)
		}
	}
}
