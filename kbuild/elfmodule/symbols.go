package elfmodule

import (
	"debug/elf"
	"errors"
	"slices"
	"strings"

	"mago/kbuild/proof"
)

// readSymbols fills in what a module wants and gives.
func readSymbols(file *elf.File, m *proof.Module) error {
	symbols, err := file.Symbols()
	if err != nil && !errors.Is(err, elf.ErrNoSymbols) {
		return err
	}
	m.Gives = map[string]uint32{}
	crcs := map[string]uint32{}
	for _, s := range symbols {
		if s.Section == elf.SHN_UNDEF && s.Name != "" && !toolchains(s.Name) {
			if elf.ST_BIND(s.Info) == elf.STB_WEAK {
				m.Weak = append(m.Weak, s.Name)
			} else {
				m.Wants = append(m.Wants, s.Name)
			}
		}
		if name, ok := strings.CutPrefix(s.Name, "__ksymtab_"); ok && s.Section != elf.SHN_UNDEF {
			m.Gives[name] = 0
		}
		if name, ok := strings.CutPrefix(s.Name, "__crc_"); ok {
			crcs[name] = exportedCRC(file, s)
		}
	}
	for name := range m.Gives {
		m.Gives[name] = crcs[name]
	}
	slices.Sort(m.Wants)
	return nil
}

// exportedCRC is the value of an absolute __crc_ symbol, or what lies at the place of another one: since Linux 5.19,
// and before where CONFIG_MODULE_REL_CRCS is set.
func exportedCRC(file *elf.File, s elf.Symbol) uint32 {
	if s.Section == elf.SHN_ABS {
		return uint32(s.Value)
	}
	var crc [4]byte
	if int(s.Section) >= len(file.Sections) {
		return 0
	}
	if _, err := file.Sections[s.Section].ReadAt(crc[:], int64(s.Value)); err != nil {
		return 0
	}
	return file.ByteOrder.Uint32(crc[:])
}

// toolchains reports whether a symbol is left to the module loader of the architecture, as scripts/mod/modpost.c
// (ignore_undef_symbol) has it.
func toolchains(name string) bool {
	switch name {
	case "__this_module", "_GLOBAL_OFFSET_TABLE_", ".TOC.":
		return true
	}
	for _, prefix := range []string{"_restgpr", "_savegpr", "_restfpr", "_savefpr", "_restvr_", "_savevr_"} {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return strings.HasPrefix(name, "__s390_indirect_jump_r")
}
