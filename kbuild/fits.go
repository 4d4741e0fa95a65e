package kbuild

import (
	"maps"

	"mago/kbuild/proof"
)

// Fits gives the needed modules whose symbols finished modules of another kernel use, if a kernel that offers all that takes them
// as they are. The error is that of proof.Fits where it does not.
func Fits(modules []Module, offered proof.Kernel) (uses []string, err error) {
	own, names, facts := proof.Exports{}, maps.Clone(offered.Modules), map[string]proof.Module{}
	for _, m := range modules {
		facts[m.Name] = m.Facts
		for symbol, crc := range m.Facts.Gives {
			own[symbol] = proof.Export{CRC: crc, Module: m.Name}
		}
		names[proof.Canonical(m.Name)], names[proof.Canonical(m.Facts.Name.String())] = true, true
	}
	offered.Modules, offered.Layers = names, append([]proof.Layer{{Exports: own}}, offered.Layers...)
	return proof.Fits(facts, offered)
}

// Facts are what the ELF files of modules say.
func Facts(modules []Module) (facts []proof.Module) {
	for _, m := range modules {
		facts = append(facts, m.Facts)
	}
	return facts
}

// Symbols counts the symbols whose CRCs modules carry.
func Symbols(modules []Module) int {
	all := map[string]uint32{}
	for _, m := range modules {
		maps.Copy(all, m.Facts.Versions)
	}
	return len(all)
}
