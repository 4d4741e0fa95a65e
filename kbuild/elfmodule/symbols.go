package elfmodule

import (
	"bytes"
	"debug/elf"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"mago/debpkg/codec"
	"mago/kbuild/proof"
)

// tableLimit bounds each section that is read of a module. NVIDIA's, the largest known, has a symbol table of 2 MB.
const tableLimit = 32 << 20

// What is read of one file, in bytes, by headers that may say anything: to open it, which costs ten times as much memory,
// and all in all. A module with a section for every function has some ten thousand of them, 64 bytes each.
const (
	headersLimit = 8 << 20
	elfLimit     = 4 * tableLimit
)

// What names may be, in bytes: debug/elf copies the name of every section and symbol, and in a table without NULs each
// reaches from anywhere to the end. A symbol of the kernel has 512 at most.
const (
	sectionNameLimit = 1 << 10
	symbolNamesLimit = 256 << 20 // all together
)

func openELF(r io.ReaderAt) (*elf.File, error) {
	m := &meter{from: r, left: headersLimit, limit: headersLimit, opening: true}
	file, err := elf.NewFile(m)
	m.left, m.limit, m.opening = elfLimit, elfLimit, false
	return file, err
}

// meter reads no more than is left. While a file is opened, when its headers and the table of the sections' names are
// read, no name may be too long.
type meter struct {
	from        io.ReaderAt
	left, limit int64
	opening     bool
}

func (m *meter) ReadAt(p []byte, offset int64) (int, error) {
	if m.left -= int64(len(p)); m.left < 0 {
		return 0, &codec.LimitError{What: "bytes of headers and tables", Max: m.limit}
	}
	n, err := m.from.ReadAt(p, offset)
	if m.opening && longestName(p[:n]) > sectionNameLimit {
		return 0, &codec.LimitError{What: "bytes in a section's name", Max: sectionNameLimit}
	}
	return n, err
}

// longestName is the length of the longest part of a table between two NULs.
func longestName(table []byte) (longest int) {
	for name := range bytes.SplitSeq(table, []byte{0}) {
		longest = max(longest, len(name))
	}
	return longest
}

// table is a section's content, nil where there is none of that name.
func table(file *elf.File, name string) ([]byte, error) {
	section := file.Section(name)
	if section == nil {
		return nil, nil
	}
	if err := bounded(section); err != nil {
		return nil, err
	}
	return section.Data()
}

func bounded(s *elf.Section) error {
	if s.Flags&elf.SHF_COMPRESSED != 0 || s.Size > tableLimit {
		return fmt.Errorf("section %s of %d bytes is compressed or too large", s.Name, s.Size)
	}
	return nil
}

// readSymbols fills in what a module wants and gives.
func readSymbols(file *elf.File, m *proof.Module) error {
	if err := boundSymbols(file); err != nil {
		return err
	}
	symbols, err := file.Symbols()
	if errors.Is(err, elf.ErrNoSymbols) {
		return nil
	}
	crcs := map[string]uint32{}
	for _, s := range symbols {
		if s.Section == elf.SHN_UNDEF && s.Name != "" && elf.ST_BIND(s.Info) != elf.STB_WEAK && !toolchains(s.Name) {
			m.Wants = append(m.Wants, s.Name)
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

// boundSymbols looks at the tables that Symbols would read.
func boundSymbols(file *elf.File) error {
	symbols, longest := 0, 0
	for _, s := range file.Sections {
		if s.Type != elf.SHT_SYMTAB && s.Type != elf.SHT_STRTAB {
			continue
		}
		if err := bounded(s); err != nil {
			return err
		}
		if s.Type == elf.SHT_SYMTAB {
			symbols = max(symbols, int(s.Size)/elf.Sym32Size)
			continue
		}
		names, err := s.Data()
		if err != nil {
			return err
		}
		longest = max(longest, longestName(names))
	}
	if symbols*longest > symbolNamesLimit {
		return &codec.LimitError{What: "bytes in its symbols' names", Max: symbolNamesLimit}
	}
	return nil
}

// exportedCRC is the value of an absolute __crc_ symbol, or what lies at the place of another one: since Linux 5.19,
// and before where CONFIG_MODULE_REL_CRCS is set.
func exportedCRC(file *elf.File, s elf.Symbol) uint32 {
	if s.Section == elf.SHN_ABS {
		return uint32(s.Value)
	}
	if int(s.Section) >= len(file.Sections) || file.Sections[s.Section].Flags&elf.SHF_COMPRESSED != 0 {
		return 0
	}
	var crc [4]byte
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
