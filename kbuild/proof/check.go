// Package proof knows whether a kernel takes a module. It compares what is known of both, and reads nothing but Module.symvers.
package proof

import (
	"fmt"
	"strings"

	"mago/debpkg/word"
)

// Module is what a module's ELF file says.
type Module struct {
	Name     word.Module       // the kernel's for it, whatever its file is called; none before Linux 4.13
	Vermagic string            // the kernel that it was built for
	Depends  []word.Module     // modules whose symbols it uses, by modpost's account
	Wants    []string          // undefined symbols, without those that may stay so
	Weak     []string          // those that may
	Versions map[string]uint32 // CRCs that it was compiled against; nil: it has none
	Gives    map[string]uint32 // exported symbols with their CRC, 0 where it has none

	License    string   // the first that it declares
	Namespaces []string // of symbols, that it imports
	BTF        bool     // whether it carries BTF types, which build on those of its kernel
	BTFBase    bool     // whether it says which types those are, so that another kernel finds its own (Linux 6.11)
}

// Kernel is what a kernel offers to the modules of one build.
type Kernel struct {
	Release string
	Config  map[string]string
	Layers  []Layer         // the first one that has a symbol that fits counts
	Modules map[string]bool // that others may depend on, by canonical name
}

// Layer is what one of several exports: the build itself, a module that it needs, or the kernel.
type Layer struct {
	Needed  string // the needed module, as the caller calls it; "" for the others
	Exports Exports
}

// Canonical is a module's name as the kernel has it.
func Canonical(module string) string { return strings.ReplaceAll(module, "-", "_") }

// MaxWrong is how much of what is wrong is worth telling.
const MaxWrong = 1000

// Check gives the needed modules whose symbols a module uses. The error is a Wrong, of *VermagicError, *SymbolError and
// *DependsError; name is what they call the module.
func Check(name string, m Module, k Kernel) (uses []string, err error) {
	if err := CheckVermagic(m.Vermagic, k); err != nil {
		return nil, Wrong{fmt.Errorf("module %s: %w", name, err)}
	}
	var wrong Wrong
	for _, symbol := range m.Wants {
		needed, why := k.find(m, symbol)
		if why != "" {
			wrong = append(wrong, &SymbolError{name, symbol, why})
		} else if needed != "" {
			uses = append(uses, needed)
		}
		if len(wrong) == MaxWrong {
			break
		}
	}
	if _, ok := m.Versions["module_layout"]; ok {
		if _, why := k.find(m, "module_layout"); why != "" {
			wrong = append(wrong, &SymbolError{name, "module_layout", "has another version in this kernel: the module was built with other headers"})
		}
	}
	for _, module := range k.Lacks(m) {
		wrong = append(wrong, &DependsError{name, module})
	}
	if len(wrong) > 0 {
		return nil, wrong
	}
	return uses, nil
}

// Lacks lists the modules that m depends on and that nobody gives.
func (k Kernel) Lacks(m Module) (names []string) {
	for _, name := range m.Depends {
		if !k.Modules[Canonical(name.String())] {
			names = append(names, name.String())
		}
	}
	return names
}

// find gives the needed module that resolves a symbol, "" where the kernel or the build does, or why nobody does.
func (k Kernel) find(m Module, symbol string) (needed, why string) {
	crc, versioned := m.Versions[symbol]
	why = "is exported neither by the kernel, nor by this build, nor by a module that it is compiled against"
	for _, layer := range k.Layers {
		export, ok := layer.Exports[symbol]
		switch {
		case !ok:
		case export.CRC == 0 || !k.has("CONFIG_MODVERSIONS"), versioned && export.CRC == crc:
			return layer.Needed, ""
		case !versioned:
			why = fmt.Sprintf("of %s has no version in the module, and this kernel requires one", export.Module)
		default:
			why = fmt.Sprintf("was compiled against version 0x%08x, and %s has 0x%08x", crc, export.Module, export.CRC)
		}
	}
	return "", why
}
