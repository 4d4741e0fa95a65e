package catalog

import (
	"bytes"
	"cmp"
	"context"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"mago/debpkg/codec"
	"mago/debpkg/control"
)

var archiveLists = flag.String("lists", "", "directory of apt's lists to make debian.txt of")

// TestDebianTable makes the table anew where it is told of what, and else sees that it can be read.
func TestDebianTable(t *testing.T) {
	if *archiveLists != "" {
		makeTable(t, *archiveLists)
		return
	}
	var names []string
	for line := range strings.Lines(debianTable) {
		known, ok := parseKnown(line)
		if !ok {
			continue
		}
		names = append(names, known.Package)
		if len(known.Places) == 0 {
			t.Errorf("%s is nowhere", known.Package)
		}
		for _, module := range known.Modules {
			if _, ok := InDebian(module); !ok {
				t.Errorf("%s needs %s, which nobody brings", known.Package, module)
			}
		}
	}
	if len(names) < 100 || !slices.IsSorted(names) || len(slices.Compact(names)) != len(names) {
		t.Errorf("%d names, which should be sorted: %v", len(names), names)
	}
}

const tableHead = `# Module sources of Debian, and the packages that need their modules: name, release/component of each place, =module.
# A table of facts, made of the archive's lists as debian.go says; it is not edited.
`

// releasesInOrder is every release that the table may have.
var releasesInOrder = []string{"bookworm", "bookworm-backports", "trixie", "trixie-backports", "forky", "sid"}

var listPlace = regexp.MustCompile(`_dists_([a-z]+(?:-backports)?)(?:-updates|-security)?_([a-z-]+)_binary-amd64_Packages`)

func makeTable(t *testing.T, dir string) {
	lists, err := filepath.Glob(filepath.Join(dir, "*_Packages*"))
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]*Known{}
	add := func(name string, modules []string, place []string) {
		k := found[name]
		if k == nil {
			k = &Known{Package: name, Modules: modules}
			found[name] = k
		}
		if p := (Place{place[1], place[2]}); !slices.Contains(k.Places, p) {
			k.Places = append(k.Places, p)
		}
	}
	sources := map[string]bool{}
	scan := func(each func(p control.Paragraph, place []string)) {
		for _, list := range lists {
			if place := listPlace.FindStringSubmatch(list); place != nil {
				eachParagraph(t, list, func(p control.Paragraph) { each(p, place) })
			}
		}
	}
	scan(func(p control.Paragraph, place []string) {
		if _, ok := classify(p); ok {
			add(p.Get("Package"), nil, place)
			sources[p.Get("Package")] = true
		}
	})
	scan(func(p control.Paragraph, place []string) {
		if modules := modulesNeeded(p, sources); len(modules) > 0 && !sources[p.Get("Package")] {
			add(p.Get("Package"), modules, place)
		}
	})
	text := tableHead
	for _, name := range slices.Sorted(maps.Keys(found)) {
		slices.SortStableFunc(found[name].Places, func(a, b Place) int {
			return cmp.Compare(slices.Index(releasesInOrder, a.Release), slices.Index(releasesInOrder, b.Release))
		})
		text += name
		for _, p := range found[name].Places {
			text += " " + p.Release + "/" + p.Component
		}
		for _, m := range found[name].Modules {
			text += " =" + m
		}
		text += "\n"
	}
	if err := os.WriteFile("debian.txt", []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// modulesNeeded are the modules that one of a package's relations asks for, by a source's name or the name of what is built.
func modulesNeeded(p control.Paragraph, sources map[string]bool) (modules []string) {
	for _, field := range []string{"Depends", "Pre-Depends", "Recommends"} {
		for relation := range strings.SplitSeq(p.Get(field), ",") {
			for name := range sources {
				if module := ModuleName(name); dependsOn(relation, name, module+"-modules") && !slices.Contains(modules, module) {
					modules = append(modules, module)
				}
			}
		}
	}
	slices.Sort(modules)
	return modules
}

func eachParagraph(t *testing.T, list string, each func(control.Paragraph)) {
	f, err := os.Open(list)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r, _, err := codec.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	for raw, err := range paragraphs(context.Background(), r) {
		if err != nil {
			t.Fatal(err)
		}
		if !worthDecoding(raw.text) && !bytes.Contains(raw.text, []byte("-modules")) {
			continue
		}
		s := control.NewScanner(bytes.NewReader(raw.text), fmt.Sprint(list))
		if !s.Scan() {
			t.Fatal(s.Err())
		}
		p, err := s.Paragraph()
		if err != nil {
			t.Fatal(err)
		}
		each(p)
	}
}
