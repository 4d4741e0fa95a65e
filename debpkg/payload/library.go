package payload

import (
	"bytes"
	"debug/elf"
	"io"
	"path"
	"strings"
)

// maxLibrary is how many bytes a library in the system's own directories may have; NVIDIA's largest has 70 MB.
const maxLibrary = 128 << 20

// isLibrary reports whether a path is in a directory of ld.so(8), so that ldconfig(8) reads the file and uses it under the
// soname that it finds.
func isLibrary(name string) bool {
	name = canonical(name)
	dir := path.Dir(name)
	ours := dir == "/usr/lib" || path.Dir(dir) == "/usr/lib" && isTriplet(path.Base(dir))
	return ours && strings.Contains(path.Base(name), ".so")
}

// stem is a library's name without its version.
func stem(name string) string {
	before, _, _ := strings.Cut(path.Base(name), ".so")
	return before
}

// soname is a shared library's soname as ldconfig and ld.so read it: by its segments, whatever its sections say. It is "" for
// a file that is not a library or has several sonames. The bytes are foreign.
func soname(r io.Reader) (name string) {
	content, err := io.ReadAll(r)
	if err != nil {
		return ""
	}
	defer func() {
		if recover() != nil { // debug/elf does not promise to bear everything
			name = ""
		}
	}()
	file, err := elf.NewFile(bytes.NewReader(content))
	if err != nil || file.Type != elf.ET_DYN {
		return ""
	}
	tags := dynamic(file, content)
	names, tables := tags[elf.DT_SONAME], tags[elf.DT_STRTAB]
	if len(names) != 1 || len(tables) != 1 {
		return ""
	}
	at, ok := offset(file, tables[0])
	if !ok || at+names[0] < at || at+names[0] >= uint64(len(content)) {
		return ""
	}
	text, _, ended := bytes.Cut(content[at+names[0]:], []byte{0})
	if !ended || bytes.ContainsRune(text, '/') || !isShown(string(text)) {
		return ""
	}
	return string(text)
}

// dynamic returns the values of a file's only dynamic segment by their tags.
func dynamic(file *elf.File, content []byte) map[elf.DynTag][]uint64 {
	tags := map[elf.DynTag][]uint64{}
	word := map[elf.Class]uint64{elf.ELFCLASS32: 4, elf.ELFCLASS64: 8}[file.Class]
	read := func(at uint64) uint64 {
		if word == 4 {
			return uint64(file.ByteOrder.Uint32(content[at:]))
		}
		return file.ByteOrder.Uint64(content[at:])
	}
	var segment *elf.Prog
	for _, p := range file.Progs {
		if p.Type == elf.PT_DYNAMIC && segment != nil {
			return nil
		}
		if p.Type == elf.PT_DYNAMIC {
			segment = p
		}
	}
	if segment == nil || word == 0 {
		return nil
	}
	for at := segment.Off; ; at += 2 * word { // beyond the end it panics, which soname bears
		tag := elf.DynTag(read(at))
		if tag == elf.DT_NULL {
			return tags
		}
		if tag == elf.DT_SONAME || tag == elf.DT_STRTAB {
			tags[tag] = append(tags[tag], read(at+word))
		}
	}
}

// offset is an address's offset in the file, if its segments agree about it.
func offset(file *elf.File, address uint64) (at uint64, ok bool) {
	for _, p := range file.Progs {
		if p.Type != elf.PT_LOAD || address < p.Vaddr || address-p.Vaddr >= p.Filesz {
			continue
		}
		if found := address - p.Vaddr + p.Off; ok && found != at {
			return 0, false
		} else {
			at, ok = found, true
		}
	}
	return at, ok
}

// checkLibrary says what is wrong with an entry that ldconfig will read, "" for nothing. A file's soname must have the stem of
// its name; a link must lead to such a file beside it.
func checkLibrary(e Entry) string {
	switch {
	case !strings.HasPrefix(path.Base(e.Path), "lib"):
		return "is not called as a library"
	case strings.HasPrefix(path.Base(e.Path), "libnss_"):
		return "is a library that every program would load, nsswitch.conf(5)"
	case e.Link != "" && (strings.Contains(e.Link, "/") || stem(e.Link) != stem(e.Path)):
		return "is a library of another name"
	case e.Link == "" && e.Soname == "":
		return "is not a shared library with a name"
	case e.Link == "" && stem(e.Soname) != stem(e.Path):
		return "is a library that would serve as " + e.Soname
	}
	return ""
}
