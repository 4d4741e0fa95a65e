package kbuild

import (
	"fmt"
	"slices"
	"strings"

	"mago/debpkg/visible"
	"mago/kbuild/kernel"
)

// SymbolError says that a kernel would refuse a module, or load it as something else than it was compiled for: a symbol
// that it uses is nowhere, or is another than the one in the headers.
type SymbolError struct{ Module, Symbol, Why string }

func (e *SymbolError) Error() string {
	return visible.Line(fmt.Sprintf("module %s would not load: symbol %s %s", e.Module, e.Symbol, e.Why))
}

// DependsError says that a module names one that it depends on and that nobody gives.
type DependsError struct{ Module, Depends string }

func (e *DependsError) Error() string {
	return visible.Line(fmt.Sprintf("module %s depends on module %s, which neither the kernel nor this build has", e.Module, e.Depends))
}

// proof holds what a kernel offers to the modules of one build.
type proof struct {
	kernel kernel.Kernel
	layers []Exports         // of this build, of the modules that it needs, of the kernel: the first that fits counts
	owners map[string]string // the Needed that a symbol of the second layer comes from
	used   []string          // of these, those whose symbols the modules checked use
	given  map[string]bool   // modules that others may depend on, by canonical name
}

// needsLayer is the index in a proof's layers of what the needed modules export.
const needsLayer = 1

// canonical is a module's name as the kernel has it.
func canonical(module string) string { return strings.ReplaceAll(module, "-", "_") }

// check gives what keeps a module from being loaded, up to maxWrong symbols.
func (p *proof) check(name string, m elfModule) (wrong []error) {
	if err := m.modinfo.check(p.kernel); err != nil {
		return []error{fmt.Errorf("module %s: %w", name, err)}
	}
	slices.Sort(m.wants)
	for _, symbol := range m.wants {
		if len(wrong) == maxWrong {
			break
		}
		layer, why := p.find(m, symbol)
		if why != "" {
			wrong = append(wrong, &SymbolError{name, symbol, why})
		} else if owner := p.owners[symbol]; layer == needsLayer && !slices.Contains(p.used, owner) {
			p.used = append(p.used, owner)
		}
	}
	if crc, ok := m.versions["module_layout"]; ok && !p.fits("module_layout", crc) {
		wrong = append(wrong, &SymbolError{name, "module_layout", "is another in this kernel: it was built with other headers"})
	}
	for _, module := range m.depends {
		if !p.given[canonical(module)] {
			wrong = append(wrong, &DependsError{name, module})
		}
	}
	return wrong
}

// find gives the layer that a module's symbol is resolved by, or why there is none.
func (p *proof) find(m elfModule, symbol string) (int, string) {
	crc, versioned := m.versions[symbol]
	why := "is exported by nothing that it may use: neither the kernel nor this build has it"
	for i, layer := range p.layers {
		export, ok := layer[symbol]
		switch {
		case !ok:
		case export.CRC == 0 || !p.kernel.Config.BuiltIn("CONFIG_MODVERSIONS"), versioned && export.CRC == crc:
			return i, ""
		case !versioned:
			why = fmt.Sprintf("of %s has no version in the module, and this kernel wants one", export.Module)
		default:
			why = fmt.Sprintf("was compiled against version 0x%08x, and %s has 0x%08x", crc, export.Module, export.CRC)
		}
	}
	return 0, why
}

func (p *proof) fits(symbol string, crc uint32) bool {
	_, why := p.find(elfModule{versions: map[string]uint32{symbol: crc}}, symbol)
	return why == ""
}
