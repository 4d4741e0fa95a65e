package elfmodule

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"maps"
	"slices"
	"strings"
	"testing"

	"mago/debpkg/word"
)

// part is a section of a module that a test makes.
type part struct {
	name  string
	kind  elf.SectionType
	flags elf.SectionFlag
	link  uint32
	data  []byte
}

// made is a module as modpost and the linker leave it: with what it wants, offers, and was compiled against.
type made struct {
	modinfo  string
	wants    []string
	weak     []string
	gives    map[string]uint32
	versions []byte // section __versions
	extCRCs  []byte
	extNames string
}

// The places of the sections that others refer to.
const crcTable, strtab, symtab = 2, 3, 4

func (m made) bytes() []byte {
	names, symbols, crcs := []byte{0}, make([]byte, elf.Sym64Size), []byte{}
	symbol := func(name string, bind elf.SymBind, section elf.SectionIndex, value uint64) {
		symbols, _ = binary.Append(symbols, binary.LittleEndian, elf.Sym64{
			Name: uint32(len(names)), Info: elf.ST_INFO(bind, elf.STT_NOTYPE), Shndx: uint16(section), Value: value,
		})
		names = append(names, name+"\x00"...)
	}
	for _, name := range m.wants {
		symbol(name, elf.STB_GLOBAL, elf.SHN_UNDEF, 0)
	}
	for _, name := range m.weak {
		symbol(name, elf.STB_WEAK, elf.SHN_UNDEF, 0)
	}
	for _, name := range slices.Sorted(maps.Keys(m.gives)) {
		symbol("__ksymtab_"+name, elf.STB_LOCAL, crcTable, 0)
		symbol("__crc_"+name, elf.STB_LOCAL, crcTable, uint64(len(crcs)))
		crcs = binary.LittleEndian.AppendUint32(crcs, m.gives[name])
	}
	return elfFile([]part{
		{name: ".modinfo", kind: elf.SHT_PROGBITS, data: []byte(m.modinfo)},
		{name: "__kcrctab", kind: elf.SHT_PROGBITS, data: crcs},
		{name: ".strtab", kind: elf.SHT_STRTAB, data: names},
		{name: ".symtab", kind: elf.SHT_SYMTAB, link: strtab, data: symbols},
		{name: "__versions", kind: elf.SHT_PROGBITS, data: m.versions},
		{name: "__version_ext_crcs", kind: elf.SHT_PROGBITS, data: m.extCRCs},
		{name: "__version_ext_names", kind: elf.SHT_PROGBITS, data: []byte(m.extNames)},
	})
}

// elfFile leaves out sections without data.
func elfFile(parts []part) []byte {
	parts = slices.DeleteFunc(parts, func(p part) bool { return p.data == nil })
	names := part{name: ".shstrtab", kind: elf.SHT_STRTAB, data: []byte{0}}
	headers := []elf.Section64{{}}
	var content []byte
	for i, p := range append(parts, names) {
		name := uint32(len(names.data))
		names.data = append(names.data, p.name+"\x00"...)
		if i == len(parts) {
			p.data = names.data
		}
		headers = append(headers, elf.Section64{
			Name: name, Type: uint32(p.kind), Flags: uint64(p.flags), Link: p.link, Off: uint64(64 + len(content)), Size: uint64(len(p.data)),
		})
		content = append(content, p.data...)
	}
	var out bytes.Buffer
	put := func(v any) { binary.Write(&out, binary.LittleEndian, v) }
	put(elf.Header64{
		Ident: [elf.EI_NIDENT]byte{0x7f, 'E', 'L', 'F', byte(elf.ELFCLASS64), byte(elf.ELFDATA2LSB), byte(elf.EV_CURRENT)},
		Type:  uint16(elf.ET_REL), Machine: uint16(elf.EM_X86_64), Version: 1, Ehsize: 64,
		Shoff: uint64(64 + len(content)), Shentsize: 64, Shnum: uint16(len(headers)), Shstrndx: uint16(len(headers) - 1),
	})
	out.Write(content)
	put(headers)
	return out.Bytes()
}

// versionRecords is section __versions of a 64-bit module.
func versionRecords(crcs map[string]uint32) []byte {
	records := []byte{}
	for _, name := range slices.Sorted(maps.Keys(crcs)) {
		records = binary.LittleEndian.AppendUint64(records, uint64(crcs[name]))
		records = append(records, name+strings.Repeat("\x00", 56-len(name))...)
	}
	return records
}

func TestReadModule(t *testing.T) {
	versions := map[string]uint32{"module_layout": 1, "printk": 0xfedcba98}
	long := strings.Repeat("long_", 20)
	for name, test := range map[string]struct {
		made     made
		versions map[string]uint32
	}{
		"records":  {made{versions: versionRecords(versions)}, versions},
		"none":     {made{}, nil},
		"extended": {made{versions: versionRecords(versions), extCRCs: []byte{7, 0, 0, 0, 8, 0, 0, 0}, extNames: long + "\x00b\x00"}, map[string]uint32{long: 7, "b": 8}},
	} {
		t.Run(name, func(t *testing.T) {
			test.made.modinfo = modinfoText + "depends=a,b-c\x00license=other\x00import_ns=CRYPTO\x00import_ns=DMA\x00"
			test.made.wants = []string{"printk", "_GLOBAL_OFFSET_TABLE_", "__this_module"}
			test.made.weak = []string{"perhaps"}
			test.made.gives = map[string]uint32{"mine": 0x01020304, "other": 5}
			m, err := Read(bytes.NewReader(test.made.bytes()))
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(m.Wants, []string{"printk"}) || !maps.Equal(m.Gives, test.made.gives) || word.Join(m.Depends, ",") != "a,b-c" {
				t.Errorf("got %+v", m)
			}
			if m.License != "GPL" || !slices.Equal(m.Namespaces, []string{"CRYPTO", "DMA"}) || !slices.Equal(m.Weak, []string{"perhaps"}) || m.BTF {
				t.Errorf("got licence %q, namespaces %q, weak %q, BTF %v", m.License, m.Namespaces, m.Weak, m.BTF)
			}
			if !maps.Equal(m.Versions, test.versions) || (m.Versions == nil) != (test.versions == nil) {
				t.Errorf("versions %v, want %v", m.Versions, test.versions)
			}
		})
	}
}

func TestReadBTF(t *testing.T) {
	parts := []part{{name: ".modinfo", kind: elf.SHT_PROGBITS, data: []byte(modinfoText)}, {name: ".BTF", kind: elf.SHT_PROGBITS, data: []byte{0x9f, 0xeb}}}
	if m, err := Read(bytes.NewReader(elfFile(parts))); err != nil || !m.BTF {
		t.Errorf("got %+v, %v", m, err)
	}
}

func TestReadModuleRefuses(t *testing.T) {
	for want, parts := range map[string][]part{
		"struct modversion_info": {{name: "__versions", kind: elf.SHT_PROGBITS, data: bytes.Repeat([]byte{'x'}, 64)}},
		"fewer names":            {{name: "__version_ext_crcs", kind: elf.SHT_PROGBITS, data: make([]byte, 8)}, {name: "__version_ext_names", kind: elf.SHT_PROGBITS, data: []byte("a\x00b")}},
	} {
		parts = append(parts, part{name: ".modinfo", kind: elf.SHT_PROGBITS, data: []byte(modinfoText)})
		m, err := Read(bytes.NewReader(elfFile(parts)))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %+v, %v, want %q", m, err, want)
		}
	}
}

func FuzzReadModule(f *testing.F) {
	f.Add(made{modinfo: modinfoText, wants: []string{"a"}, gives: map[string]uint32{"b": 1}, versions: versionRecords(map[string]uint32{"a": 2})}.bytes())
	f.Add(made{modinfo: modinfoText, extCRCs: []byte{1, 2, 3, 4}, extNames: "a\x00"}.bytes())
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := Read(bytes.NewReader(data))
		if err != nil {
			return
		}
		for _, name := range m.Wants {
			if !bytes.Contains(data, []byte(name+"\x00")) {
				t.Errorf("symbol %q comes from nowhere", name)
			}
		}
	})
}
