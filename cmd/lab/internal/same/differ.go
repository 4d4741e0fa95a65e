package same

import (
	"archive/tar"
	"bytes"
	"debug/elf"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"mago/debpkg"
	"mago/debpkg/codec"
)

// Compare tells of every package in one directory how another's of that name differs; nothing where all are the same,
// byte for byte.
func Compare(a, b string) ([]string, error) {
	debs, err := filepath.Glob(filepath.Join(a, "*.deb"))
	if err == nil && len(debs) == 0 {
		err = fmt.Errorf("no package in %s", a)
	}
	var all []string
	for _, deb := range debs {
		told, cerr := Differences(deb, filepath.Join(b, filepath.Base(deb)))
		for _, line := range told {
			all = append(all, filepath.Base(deb)+": "+line)
		}
		err = errors.Join(err, cerr)
	}
	return all, err
}

// Differences tells where two packages differ: which field or file, and of a module which section and from which byte on.
func Differences(a, b string) ([]string, error) {
	first, err := os.ReadFile(a)
	if err != nil {
		return nil, err
	}
	second, err := os.ReadFile(b)
	if err != nil || bytes.Equal(first, second) {
		return nil, err
	}
	one, err := read(a)
	if err != nil {
		return nil, err
	}
	other, err := read(b)
	if err != nil {
		return nil, err
	}
	var told []string
	for _, name := range one.names {
		if other.files[name] != one.files[name] {
			told = append(told, name+": "+within(one.files[name], other.files[name]))
		}
	}
	for _, name := range other.names {
		if _, ok := one.files[name]; !ok {
			told = append(told, name+": only the second has it")
		}
	}
	if len(told) == 0 {
		told = []string{"the same files in the same order, packed in other bytes: " + at(string(first), string(second))}
	}
	return told, nil
}

// opened is a package's parts by name: those of its control member, then its files, each behind a line of its header.
type opened struct {
	names []string
	files map[string]string
}

func read(deb string) (opened, error) {
	r, err := debpkg.Open(deb)
	if err != nil {
		return opened{}, err
	}
	defer r.Close()
	o := opened{files: map[string]string{}}
	for _, field := range r.Control().Fields() {
		o.add("control, "+field, r.Control().Get(field))
	}
	for _, name := range []string{"preinst", "postinst", "prerm", "postrm", "conffiles", "triggers"} {
		o.add("control, "+name, string(r.Script(name)))
	}
	data, err := r.Data()
	if err != nil {
		return o, err
	}
	defer data.Close()
	files := tar.NewReader(data)
	for {
		h, err := files.Next()
		if errors.Is(err, io.EOF) {
			return o, nil
		}
		if err != nil {
			return o, err
		}
		text, err := io.ReadAll(files)
		if err != nil {
			return o, err
		}
		o.add(h.Name+", header", fmt.Sprint(h.FileInfo().Mode(), h.ModTime.Unix(), h.Uname, h.Gname, h.Uid, h.Gid, h.Linkname))
		o.add(h.Name, string(text))
	}
}

func (o *opened) add(name, text string) {
	o.names = append(o.names, name)
	o.files[name] = text
}

// within looks into modules, compressed ones too.
func within(a, b string) string {
	one, err := sections(a)
	other, oerr := sections(b)
	if err != nil || oerr != nil {
		return at(a, b)
	}
	var told []string
	for _, s := range one {
		i := slices.IndexFunc(other, func(o section) bool { return o.name == s.name })
		if i < 0 {
			told = append(told, s.name+" is in the first only")
		} else if other[i].text != s.text {
			told = append(told, s.name+" "+at(s.text, other[i].text))
		}
	}
	if len(told) == 0 {
		return "sections are the same, in another order or place"
	}
	return strings.Join(told, "; ")
}

type section struct{ name, text string }

func sections(module string) ([]section, error) {
	plain, _, err := codec.NewReader(strings.NewReader(module))
	if err != nil {
		return nil, err
	}
	defer plain.Close()
	text, err := io.ReadAll(plain)
	if err != nil {
		return nil, err
	}
	file, err := elf.NewFile(bytes.NewReader(text))
	if err != nil {
		return nil, err
	}
	var all []section
	for _, s := range file.Sections {
		text, _ := s.Data() // one without data has none
		all = append(all, section{s.Name, string(text)})
	}
	return all, nil
}

// at shows two texts from a little before the first byte that differs.
func at(a, b string) string {
	i := 0
	for i < min(len(a), len(b)) && a[i] == b[i] {
		i++
	}
	from := func(s string) string { return s[max(i-16, 0):min(i+32, len(s))] }
	return fmt.Sprintf("from byte %d on: %q, %q", i, from(a), from(b))
}
