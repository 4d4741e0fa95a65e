package catalog

import (
	"bytes"
	"context"
	"path"

	"mago/debpkg/codec"
	"mago/debpkg/control"
	"mago/debpkg/word"
)

// neededBy are the index's modules that a package of apt's lists depends on or recommends, by a source's name or the name
// of what is built; none where no list has the package.
func (ix *Index) neededBy(ctx context.Context, c Config, name string) []string {
	pkg, err := word.ParsePackage(normal(name))
	if err != nil {
		return nil
	}
	entries, err := c.Root.ReadDir(listsDir)
	if err != nil {
		return nil
	}
	for _, e := range entries {
		if _, isList := listArchitecture(e.Name()); !isList {
			continue
		}
		if p, ok := c.paragraphOf(ctx, path.Join(listsDir, e.Name()), pkg); ok {
			return ix.modulesIn(p.Get("Pre-Depends") + "," + p.Get("Depends") + "," + p.Get("Recommends"))
		}
	}
	return nil
}

// modulesIn are the modules that a relation field names.
func (ix *Index) modulesIn(relations string) (modules []string) {
	for _, m := range ix.Modules {
		names := []string{m.Name + "-modules"}
		for _, p := range m.Packages {
			names = append(names, p.Name.String())
		}
		if dependsOn(relations, names...) {
			modules = append(modules, m.Name)
		}
	}
	return modules
}

// paragraphOf finds a package in a list. An unreadable list has none: the answer only serves advice.
func (c Config) paragraphOf(ctx context.Context, list string, name word.Package) (control.Paragraph, bool) {
	f, err := c.Root.Open(list)
	if err != nil {
		return control.Paragraph{}, false
	}
	defer f.Close()
	r, _, err := codec.NewReader(f)
	if err != nil {
		return control.Paragraph{}, false
	}
	defer r.Close()
	first := []byte("Package: " + name.String() + "\n")
	for raw, err := range paragraphs(ctx, codec.Limit(r, maxList)) {
		if err != nil {
			break
		}
		if !bytes.HasPrefix(raw.text, first) {
			continue
		}
		if s := control.NewScanner(bytes.NewReader(raw.text), f.Name()); s.Scan() {
			p, err := s.Paragraph()
			return p, err == nil
		}
	}
	return control.Paragraph{}, false
}
