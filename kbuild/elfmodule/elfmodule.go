// Package elfmodule reads what the ELF files of kernel modules say. The files are foreign, so a program in a sandbox reads them:
// Ask sends them to one that calls Serve.
package elfmodule

import (
	"bytes"
	"debug/elf"
	"errors"
	"fmt"
	"io"
	"strings"

	"mago/debpkg/word"
	"mago/kbuild/proof"
)

// Read reads a module. What it takes of memory and time is up to the file.
func Read(r io.ReaderAt) (m proof.Module, err error) {
	file, err := elf.NewFile(r)
	if err != nil {
		return m, fmt.Errorf("not an ELF object: %w", err)
	}
	if err := readModinfo(file, &m); err != nil {
		return m, err
	}
	m.BTF, m.BTFBase = file.Section(".BTF") != nil, file.Section(".BTF.base") != nil
	if err := readSymbols(file, &m); err != nil {
		return m, fmt.Errorf("its symbol table: %w", err)
	}
	if m.Versions, err = readVersions(file); err != nil {
		return m, fmt.Errorf("its symbols' versions: %w", err)
	}
	return m, nil
}

// readModinfo fills in what a module says of itself in its .modinfo section.
func readModinfo(file *elf.File, m *proof.Module) error {
	text, err := table(file, ".modinfo")
	if err == nil && (text == nil || file.Type != elf.ET_REL) {
		err = errors.New("not a kernel module: no .modinfo section")
	}
	for entry := range bytes.SplitSeq(text, []byte{0}) {
		field, value, _ := strings.Cut(string(entry), "=")
		switch {
		case err != nil:
			return err
		case field == "name":
			m.Name, err = word.ParseModule(value)
		case field == "vermagic":
			m.Vermagic = value
		case field == "depends":
			m.Depends, err = parseModules(value)
		case field == "license" && m.License == "":
			m.License = value
		case field == "import_ns":
			m.Namespaces = append(m.Namespaces, value)
		}
	}
	return err
}

func parseModules(list string) (names []word.Module, err error) {
	for text := range strings.SplitSeq(list, ",") {
		if text == "" {
			continue
		}
		name, err := word.ParseModule(text)
		if err != nil {
			return nil, err
		}
		names = append(names, name)
	}
	return names, nil
}

// table is a section's content, nil where there is none of that name.
func table(file *elf.File, name string) ([]byte, error) {
	section := file.Section(name)
	if section == nil {
		return nil, nil
	}
	return section.Data()
}
