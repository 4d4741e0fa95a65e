package kbuild

import (
	"bytes"
	"debug/elf"
	"fmt"
	"io"
	"strings"

	"mago/debpkg/visible"
	"mago/kbuild/kernel"
)

// modinfo is what a module says of itself in its .modinfo section.
type modinfo struct {
	name     string // the kernel's for it, whatever its file is called; "" before Linux 4.13
	vermagic string
	depends  []string // modules whose symbols it uses, by modpost's account
}

// VermagicError says that a module was built for another kernel than the one asked for.
type VermagicError struct {
	Vermagic, Release string
	Word              string // of the same release: the word that is missing or too much
}

func (e *VermagicError) Error() string {
	if e.Word != "" {
		return visible.Line(fmt.Sprintf("its vermagic %.200q is not that of kernel %s, which differs in %q; was it built with other headers?", e.Vermagic, e.Release, e.Word))
	}
	return fmt.Sprintf("it was built for kernel %.200q, not for %s; does its Makefile ask uname -r?", e.Vermagic, e.Release)
}

// modinfoLimit is far above what a module with hundreds of aliases has.
const modinfoLimit = 4 << 20

func readModinfo(r io.ReaderAt) (modinfo, error) {
	file, err := openELF(r)
	if err != nil {
		return modinfo{}, fmt.Errorf("no ELF object: %w", err)
	}
	section := file.Section(".modinfo")
	if section == nil || file.Type != elf.ET_REL || section.Flags&elf.SHF_COMPRESSED != 0 {
		return modinfo{}, fmt.Errorf("no kernel module: no .modinfo section")
	}
	if section.Size > modinfoLimit {
		return modinfo{}, fmt.Errorf("no kernel module: a .modinfo section of %d bytes", section.Size)
	}
	data, err := section.Data()
	if err != nil {
		return modinfo{}, err
	}
	var info modinfo
	for entry := range bytes.SplitSeq(data, []byte{0}) {
		field, value, _ := strings.Cut(string(entry), "=")
		switch field {
		case "name":
			info.name = value
		case "vermagic":
			info.vermagic = value
		case "depends":
			info.depends = strings.FieldsFunc(value, func(r rune) bool { return r == ',' })
		}
	}
	return info, nil
}

// check compares vermagic, whose first word is the release, with what the kernel's headers make.
func (m modinfo) check(k kernel.Kernel) error {
	if release, _, _ := strings.Cut(m.vermagic, " "); release != k.Release {
		return &VermagicError{Vermagic: m.vermagic, Release: k.Release}
	}
	if word := m.mismatch(k); word != "" {
		return &VermagicError{Vermagic: m.vermagic, Release: k.Release, Word: word}
	}
	return nil
}
