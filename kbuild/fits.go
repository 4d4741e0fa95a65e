package kbuild

import (
	"maps"

	"mago/kbuild/kernel"
	"mago/kbuild/proof"
	"mago/kbuild/recipe"
)

// Fits gives the needed modules whose symbols finished modules of another kernel use, if this kernel takes them as they are; of
// Needed the module and the directory of its Module.symvers count. The error is that of proof.Fits where it does not.
func Fits(modules []Module, k kernel.Kernel, needed []recipe.Needed) (uses []string, err error) {
	offers, err := offered(k, needed)
	if err != nil {
		return nil, err
	}
	own, facts := proof.Exports{}, map[string]proof.Module{}
	for _, m := range modules {
		facts[m.Name] = m.Facts
		for symbol, crc := range m.Facts.Gives {
			own[symbol] = proof.Export{CRC: crc, Module: m.Name}
		}
		for _, name := range []string{m.Name, m.Facts.Name.String()} {
			offers.Modules[proof.Canonical(name)] = true
		}
	}
	offers.Layers = append([]proof.Layer{{Exports: own}}, offers.Layers...)
	return proof.Fits(facts, offers)
}

// Symbols counts the symbols whose CRCs modules carry.
func Symbols(modules []Module) int {
	all := map[string]uint32{}
	for _, m := range modules {
		maps.Copy(all, m.Facts.Versions)
	}
	return len(all)
}
