package elfmodule

import (
	"bytes"
	"debug/elf"
	"errors"
)

// readVersions reads the CRCs that CONFIG_MODVERSIONS puts into a module: with CONFIG_EXTENDED_MODVERSIONS (Linux 6.14)
// as two tables, else as the records of struct modversion_info.
func readVersions(file *elf.File) (map[string]uint32, error) {
	crcs, err := table(file, "__version_ext_crcs")
	if err != nil {
		return nil, err
	}
	if crcs != nil {
		return extendedVersions(file, crcs)
	}
	records, err := table(file, "__versions")
	if records == nil {
		return nil, err
	}
	const size = 64 // an unsigned long, and the name in what is left
	word := 8
	if file.Class == elf.ELFCLASS32 {
		word = 4
	}
	versions := map[string]uint32{}
	for ; len(records) >= size; records = records[size:] {
		crc := records[:4]
		if file.Data == elf.ELFDATA2MSB {
			crc = records[word-4 : word]
		}
		name, _, ended := bytes.Cut(records[word:size], []byte{0})
		if !ended || len(name) == 0 {
			return nil, errors.New("section __versions has another format than struct modversion_info")
		}
		versions[string(name)] = file.ByteOrder.Uint32(crc)
	}
	return versions, nil
}

func extendedVersions(file *elf.File, crcs []byte) (map[string]uint32, error) {
	names, err := table(file, "__version_ext_names")
	if err != nil {
		return nil, err
	}
	versions := map[string]uint32{}
	for ; len(crcs) >= 4; crcs = crcs[4:] {
		name, rest, ended := bytes.Cut(names, []byte{0})
		if !ended {
			return nil, errors.New("section __version_ext_names has fewer names than there are CRCs")
		}
		versions[string(name)], names = file.ByteOrder.Uint32(crcs), rest
	}
	return versions, nil
}
