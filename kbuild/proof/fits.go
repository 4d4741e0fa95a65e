package proof

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"mago/debpkg/visible"
)

// ChangedError names the symbols that keep a kernel from taking modules that were built for another one: each has another
// CRC than the modules were compiled against, is gone, or is not for them any more.
type ChangedError struct{ Symbols []string }

func (e *ChangedError) Error() string {
	const most = 5
	names, have := e.Symbols, "symbols have"
	if len(names) == 1 {
		have = "symbol has"
	}
	more := ""
	if len(names) > most {
		names, more = names[:most], ", …"
	}
	return visible.Line(fmt.Sprintf("%d %s changed: %s%s", len(e.Symbols), have, strings.Join(names, ", "), more))
}

// MisfitError says what else keeps it from that.
type MisfitError struct{ Why string }

func (e *MisfitError) Error() string { return visible.Line(e.Why) }

// Fits gives the needed modules whose symbols modules use that were built for another kernel, if this one takes them as they are.
// The error is a *ChangedError or a *MisfitError. Where both have CONFIG_MODVERSIONS a kernel passes over the release in vermagic
// (same_magic in kernel/module/version.c) and goes by the CRCs.
func Fits(modules map[string]Module, k Kernel) (uses []string, err error) {
	if !k.has("CONFIG_MODVERSIONS") {
		return nil, &MisfitError{"kernel " + k.Release + " takes modules of its own release only (no CONFIG_MODVERSIONS)"}
	}
	var changed []string
	for _, name := range slices.Sorted(maps.Keys(modules)) {
		m := modules[name]
		if why := k.misfit(m); why != "" {
			return nil, &MisfitError{"module " + name + " " + why}
		}
		used, others := k.changed(m)
		uses, changed = append(uses, used...), append(changed, others...)
	}
	if len(changed) > 0 {
		slices.Sort(changed)
		return nil, &ChangedError{slices.Compact(changed)}
	}
	slices.Sort(uses)
	return slices.Compact(uses), nil
}

// misfit says why no CRC makes a module fit, "" where they may.
func (k Kernel) misfit(m Module) string {
	_, layout := m.Versions["module_layout"]
	word, lacks := k.mismatch(m.Vermagic), k.Lacks(m)
	switch {
	case !layout:
		return "has no CRC of module_layout"
	case word != "":
		return fmt.Sprintf("has a vermagic that differs in %q", word)
	case !k.takesBTF(m):
		return "carries BTF types, which refer to those of its own kernel"
	case len(lacks) > 0:
		return "depends on module " + lacks[0] + ", which is not there"
	}
	return ""
}

// takesBTF reports whether the kernel reads a module's BTF types as what they are, or loads it without. It refuses a module whose
// types cannot be found among its own, unless CONFIG_MODULE_ALLOW_BTF_MISMATCH is set, and takes wrong ones where they are only
// numbered.
func (k Kernel) takesBTF(m Module) bool {
	return !m.BTF || !k.has("CONFIG_DEBUG_INFO_BTF_MODULES") || m.BTFBase && k.has("CONFIG_MODULE_ALLOW_BTF_MISMATCH")
}

// changed compares all symbols that the kernel would look up: those that have to be there, and those that count if they are.
func (k Kernel) changed(m Module) (uses, changed []string) {
	for symbol := range m.Versions {
		if !slices.Contains(m.Wants, symbol) && k.exports(symbol) {
			if _, fits := k.same(m, symbol); !fits {
				changed = append(changed, symbol)
			}
		}
	}
	for _, symbol := range m.Weak {
		if _, versioned := m.Versions[symbol]; !versioned && k.exports(symbol) {
			changed = append(changed, symbol)
		}
	}
	for _, symbol := range m.Wants {
		needed, fits := k.same(m, symbol)
		if !fits {
			changed = append(changed, symbol)
		} else if needed != "" {
			uses = append(uses, needed)
		}
	}
	return uses, changed
}

func (k Kernel) exports(symbol string) bool {
	return slices.ContainsFunc(k.Layers, func(l Layer) bool { _, ok := l.Exports[symbol]; return ok })
}

// same reports whether the first layer that has a symbol has the very one that a module was compiled against, and lets it use
// it; needed is that layer.
func (k Kernel) same(m Module, symbol string) (needed string, fits bool) {
	crc, versioned := m.Versions[symbol]
	for _, layer := range k.Layers {
		if export, ok := layer.Exports[symbol]; ok {
			return layer.Needed, versioned && export.CRC == crc && export.isFor(m)
		}
	}
	return "", false
}

// compatible are the licences that EXPORT_SYMBOL_GPL is for (license_is_gpl_compatible in include/linux/license.h).
var compatible = []string{"GPL", "GPL v2", "GPL and additional rights", "Dual BSD/GPL", "Dual MIT/GPL", "Dual MPL/GPL"}

// isFor reports whether a module may use a symbol, by its licence and the namespaces that it imports. An export without a line is
// one of the modules' own.
func (e Export) isFor(m Module) bool {
	if e.Line == "" {
		return true
	}
	columns := strings.Split(e.Line, "\t")
	kind := slices.IndexFunc(columns, func(c string) bool { return strings.HasPrefix(c, "EXPORT_") })
	if kind < 0 || strings.Contains(columns[kind], "GPL") && !slices.Contains(compatible, m.License) {
		return false
	}
	namespace := strings.Join(columns[kind+1:], "")
	if kind == 4 { // Linux 5.4 to 5.6
		namespace = columns[2]
	}
	return namespace == "" || slices.Contains(m.Namespaces, namespace)
}
