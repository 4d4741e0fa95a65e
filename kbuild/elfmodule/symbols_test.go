package elfmodule

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"errors"
	"maps"
	"runtime"
	"slices"
	"strings"
	"testing"

	"mago/debpkg/codec"
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
			test.made.modinfo = modinfoText + "depends=a,b-c\x00"
			test.made.wants = []string{"printk", "_GLOBAL_OFFSET_TABLE_", "__this_module"}
			test.made.weak = []string{"perhaps"}
			test.made.gives = map[string]uint32{"mine": 0x01020304, "other": 5}
			m, err := Read(bytes.NewReader(test.made.bytes()))
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(m.Wants, []string{"printk"}) || !maps.Equal(m.Gives, test.made.gives) || !slices.Equal(m.Depends, []string{"a", "b-c"}) {
				t.Errorf("got %+v", m)
			}
			if !maps.Equal(m.Versions, test.versions) || (m.Versions == nil) != (test.versions == nil) {
				t.Errorf("versions %v, want %v", m.Versions, test.versions)
			}
		})
	}
}

func TestReadModuleRefuses(t *testing.T) {
	for want, parts := range map[string][]part{
		"struct modversion_info": {{name: "__versions", kind: elf.SHT_PROGBITS, data: bytes.Repeat([]byte{'x'}, 64)}},
		"fewer names":            {{name: "__version_ext_crcs", kind: elf.SHT_PROGBITS, data: make([]byte, 8)}, {name: "__version_ext_names", kind: elf.SHT_PROGBITS, data: []byte("a\x00b")}},
		"compressed":             {{name: ".symtab", kind: elf.SHT_SYMTAB, flags: elf.SHF_COMPRESSED, data: make([]byte, 24)}},
		"or too large":           {{name: "__versions", kind: elf.SHT_PROGBITS, data: make([]byte, tableLimit+1)}},
	} {
		parts = append(parts, part{name: ".modinfo", kind: elf.SHT_PROGBITS, data: []byte(modinfoText)})
		m, err := Read(bytes.NewReader(elfFile(parts)))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %+v, %v, want %q", m, err, want)
		}
	}
}

// sparse is a file with a hole at its end, and counts what is read of it.
type sparse struct {
	data []byte
	read int
}

func (s *sparse) ReadAt(p []byte, offset int64) (int, error) {
	s.read += len(p)
	clear(p)
	if offset < int64(len(s.data)) {
		copy(p, s.data[offset:])
	}
	return len(p), nil
}

// TestReadModuleOfAnySize: the sections' headers and the table of their names are read whole, whatever a header says of
// their number and length; a file of that size costs nothing where it is a hole.
func TestReadModuleOfAnySize(t *testing.T) {
	parts := []part{{name: ".modinfo", kind: elf.SHT_PROGBITS, data: []byte(modinfoText)}}
	names := elfFile(parts)
	binary.LittleEndian.PutUint64(names[len(names)-32:], 2*elfLimit) // sh_size of the last header
	sections := elfFile(parts)
	first := binary.LittleEndian.Uint64(sections[40:])                   // e_shoff
	binary.LittleEndian.PutUint16(sections[60:], 0)                      // e_shnum: it is in the first section's sh_size
	binary.LittleEndian.PutUint64(sections[first+32:], elfLimit/64-1000) // two million
	noNUL := elfFile(append(parts, part{name: strings.Repeat("x", 4<<20), kind: elf.SHT_PROGBITS, data: []byte("x")}))
	symbols := elfFile(append(parts,
		part{name: ".symtab", kind: elf.SHT_SYMTAB, link: 3, data: make([]byte, 2<<20)},
		part{name: ".strtab", kind: elf.SHT_STRTAB, data: bytes.Repeat([]byte{'x'}, 1<<20)}))
	for name, test := range map[string]struct {
		data []byte
		want string
	}{
		"names":         {names, "more than 8388608 bytes of headers and tables"},
		"sections":      {sections, "more than 8388608 bytes of headers and tables"},
		"section names": {noNUL, "more than 1024 bytes in a section's name"},
		"symbol names":  {symbols, "more than 268435456 bytes in its symbols' names"},
	} {
		t.Run(name, func(t *testing.T) {
			file := &sparse{data: test.data}
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			_, err := Read(file)
			runtime.ReadMemStats(&after)
			if !errors.As(err, new(*codec.LimitError)) || !strings.Contains(err.Error(), test.want) {
				t.Errorf("err = %v, want %q", err, test.want)
			}
			if took := after.TotalAlloc - before.TotalAlloc; file.read > 2*headersLimit || took > 128<<20 {
				t.Errorf("%d bytes were read, %d allocated", file.read, took)
			}
		})
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
