package sweep

import (
	"bytes"
	"cmp"
	"debug/elf"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"mago/debpkg/codec"
)

// module is a kernel object ready for insmod.
type module struct {
	name    string // as the kernel has it, with underscores; its file may have another, as nvidia-current.ko has
	depends []string
	aliases []string
	image   []byte
}

var objectName = regexp.MustCompile(`^(.+)\.ko(\.(xz|zst|gz))?$`)

// nameOf is the kernel's name of a module's file; false for other files.
func nameOf(file string) (string, bool) {
	parts := objectName.FindStringSubmatch(path.Base(file))
	if parts == nil {
		return "", false
	}
	return strings.ReplaceAll(parts[1], "-", "_"), true
}

// objects finds the modules below a directory: name to file.
func objects(dir string) (map[string]string, error) {
	all := map[string]string{}
	err := filepath.WalkDir(dir, func(file string, entry fs.DirEntry, err error) error {
		if name, ok := nameOf(file); ok && entry.Type().IsRegular() {
			all[name] = file
		}
		return err
	})
	return all, err
}

// moduleLimit is far above the largest module, which is one of a graphics card's.
const moduleLimit = 512 << 20

// readModule opens a module's file, compressed or not.
func readModule(file string) (module, error) {
	f, err := os.Open(file)
	if err != nil {
		return module{}, err
	}
	defer f.Close()
	r, _, err := codec.NewReader(f)
	if err != nil {
		return module{}, fmt.Errorf("%s: %w", file, err)
	}
	defer r.Close()
	image, err := io.ReadAll(io.LimitReader(r, moduleLimit))
	if err != nil {
		return module{}, fmt.Errorf("%s: %w", file, err)
	}
	info, err := modinfoOf(image)
	if err != nil {
		return module{}, fmt.Errorf("%s: %w", file, err)
	}
	name, _ := nameOf(file)
	return module{name: cmp.Or(nameIn(info), name), depends: dependsIn(info), aliases: aliasesIn(info), image: image}, nil
}

// named gives modules the names that they have themselves.
func named(modules map[string]string) (map[string]string, error) {
	all := map[string]string{}
	for _, file := range modules {
		m, err := readModule(file)
		if err != nil {
			return nil, err
		}
		all[m.name] = file
	}
	return all, nil
}

func modinfoOf(image []byte) (string, error) {
	file, err := elf.NewFile(bytes.NewReader(image))
	if err != nil {
		return "", err
	}
	section := file.Section(".modinfo")
	if section == nil {
		return "", fmt.Errorf("no .modinfo section")
	}
	info, err := section.Data()
	return string(info), err
}

// nameIn is "" in a module of a kernel before 4.13.
func nameIn(info string) string {
	for entry := range strings.SplitSeq(info, "\x00") {
		if name, ok := strings.CutPrefix(entry, "name="); ok {
			return strings.ReplaceAll(name, "-", "_")
		}
	}
	return ""
}

func aliasesIn(info string) []string {
	var all []string
	for entry := range strings.SplitSeq(info, "\x00") {
		if alias, ok := strings.CutPrefix(entry, "alias="); ok {
			all = append(all, strings.ReplaceAll(alias, "-", "_"))
		}
	}
	return all
}

// dependsIn gives the names in .modinfo's depends= and, of softdep=, those to load before.
func dependsIn(info string) []string {
	var all []string
	for entry := range strings.SplitSeq(info, "\x00") {
		if list, ok := strings.CutPrefix(entry, "depends="); ok {
			all = append(all, strings.FieldsFunc(list, func(r rune) bool { return r == ',' })...)
		}
		if list, ok := strings.CutPrefix(entry, "softdep=pre:"); ok {
			before, _, _ := strings.Cut(list, "post:")
			all = append(all, strings.Fields(before)...)
		}
	}
	for i, name := range all {
		all[i] = strings.ReplaceAll(name, "-", "_")
	}
	return all
}

// addAliases has the kernel's cryptographic modules be found by the names of the algorithms, too, which others have
// modprobe load first.
func addAliases(modules map[string]string) error {
	for name, file := range maps.Clone(modules) {
		if !strings.Contains(file, "/kernel/crypto/") {
			continue
		}
		m, err := readModule(file)
		if err != nil {
			return err
		}
		for _, alias := range m.aliases {
			if modules[alias] == "" {
				modules[alias] = modules[name]
			}
		}
	}
	return nil
}

// loadOrder gives the modules named and all that they depend on, dependencies first. A dependency that is nowhere is
// part of the kernel, or missed: insmod will tell.
func loadOrder(names []string, places ...map[string]string) ([]module, error) {
	var order []module
	seen := map[string]bool{}
	var visit func(name string) error
	visit = func(name string) error {
		i := slices.IndexFunc(places, func(place map[string]string) bool { return place[name] != "" })
		if seen[name] || i < 0 {
			return nil
		}
		seen[name] = true
		m, err := readModule(places[i][name])
		if err != nil {
			return err
		}
		for _, needed := range m.depends {
			if err := visit(needed); err != nil {
				return err
			}
		}
		order = append(order, m)
		return nil
	}
	for _, name := range names {
		if err := visit(name); err != nil {
			return nil, err
		}
	}
	return order, nil
}
