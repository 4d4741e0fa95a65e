// Package elfmodule reads what the ELF files of kernel modules say.
package elfmodule

import (
	"bytes"
	"debug/elf"
	"fmt"
	"io"
	"strings"

	"mago/kbuild/proof"
)

// modinfoLimit is far above what a module with hundreds of aliases has.
const modinfoLimit = 4 << 20

// Read reads a module.
func Read(r io.ReaderAt) (proof.Module, error) {
	file, err := openELF(r)
	if err != nil {
		return proof.Module{}, fmt.Errorf("not an ELF object: %w", err)
	}
	m := proof.Module{Gives: map[string]uint32{}}
	if err := readModinfo(file, &m); err != nil {
		return proof.Module{}, err
	}
	if err := readSymbols(file, &m); err != nil {
		return proof.Module{}, fmt.Errorf("its symbol table: %w", err)
	}
	if m.Versions, err = readVersions(file); err != nil {
		return proof.Module{}, fmt.Errorf("its symbols' versions: %w", err)
	}
	return m, nil
}

// readModinfo fills in what a module says of itself in its .modinfo section.
func readModinfo(file *elf.File, m *proof.Module) error {
	section := file.Section(".modinfo")
	if section == nil || file.Type != elf.ET_REL || section.Flags&elf.SHF_COMPRESSED != 0 {
		return fmt.Errorf("not a kernel module: no .modinfo section")
	}
	if section.Size > modinfoLimit {
		return fmt.Errorf("not a kernel module: a .modinfo section of %d bytes", section.Size)
	}
	data, err := section.Data()
	if err != nil {
		return err
	}
	for entry := range bytes.SplitSeq(data, []byte{0}) {
		field, value, _ := strings.Cut(string(entry), "=")
		switch field {
		case "name":
			m.Name = value
		case "vermagic":
			m.Vermagic = value
		case "depends":
			m.Depends = strings.FieldsFunc(value, func(r rune) bool { return r == ',' })
		}
	}
	return nil
}
