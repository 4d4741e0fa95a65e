package sources

import (
	"maps"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
)

// makefilesMax bounds how many makefiles are read for a source's modules.
const makefilesMax = 50

var (
	objects  = regexp.MustCompile(`^\s*(?:(?:export|override)\s+)*obj-(m|y|\$[({][^)}]*[)}])\s*[:+?]?=(.*)$`)
	assigned = regexp.MustCompile(`^\s*(?:(?:export|override)\s+)*(\w+)\s*[:?]?=\s*([\w./-]+)\s*$`)
	variable = regexp.MustCompile(`\$[({](\w+)[)}]`)
	confName = regexp.MustCompile(`^\s*(?:BUILT|DEST)_MODULE_NAME(?:\[\w*\])?=(?:"([\w.+-]+)"|'([\w.+-]+)'|([\w.+-]+))\s*(?:#.*)?$`)
	confAny  = regexp.MustCompile(`^\s*(?:BUILT|DEST)_MODULE_NAME(?:\[|\+?=)`)
)

// Modules are the kernel modules that a source says it builds, by its dkms.conf or else its makefiles, read without being
// run: all branches of a condition count. There may be others; nil where nothing is said outright.
func (t *Tree) Modules() []string {
	root, err := t.Open()
	if err != nil {
		return nil
	}
	defer root.Close()
	modules, _ := modulesIn(root)
	return modules
}

// modulesIn is that of a directory; sure is whether these are all.
func modulesIn(root *os.Root) (modules []string, sure bool) {
	conf := startIn(root, "dkms.conf")
	if modules, sure = confModules(conf); len(modules) > 0 || !sure {
		return modules, sure
	}
	look := objectsOf{root: root, sure: true, found: map[string]bool{}}
	look.read(".", 0)
	return slices.Sorted(maps.Keys(look.found)), look.sure
}

// confModules are those that the text of a dkms.conf names literally.
func confModules(conf string) (modules []string, sure bool) {
	sure = true
	for line := range strings.Lines(conf) {
		if m := confName.FindStringSubmatch(strings.TrimSpace(line)); m != nil {
			modules = append(modules, moduleFile(m[1]+m[2]+m[3]))
		} else if confAny.MatchString(line) {
			sure = false
		}
	}
	slices.Sort(modules)
	return slices.Compact(modules), sure
}

// objectsOf is a walk through the files that kbuild would read.
type objectsOf struct {
	root  *os.Root
	files int
	sure  bool
	found map[string]bool
}

// read adds the modules of one directory's Kbuild or Makefile and of those that it leads to.
func (o *objectsOf) read(dir string, depth int) {
	text := startIn(o.root, path.Join(dir, "Kbuild"))
	if text == "" {
		text = startIn(o.root, path.Join(dir, "Makefile"))
	}
	if o.files++; o.files > makefilesMax || depth > 4 {
		o.sure = false
		return
	}
	text = strings.NewReplacer("\\\r\n", " ", "\\\n", " ", "\r", "").Replace(text)
	values := literals(text)
	for line := range strings.Lines(text) {
		line, _, _ = strings.Cut(strings.TrimRight(line, "\n"), "#")
		m := objects.FindStringSubmatch(line)
		if m == nil {
			continue
		}
		for _, object := range strings.Fields(expanded(m[2], values)) {
			o.take(dir, object, m[1] != "y", depth)
		}
	}
}

// take adds an object that is a module, or goes into a directory.
func (o *objectsOf) take(dir, object string, module bool, depth int) {
	switch name, isObject := strings.CutSuffix(object, ".o"); {
	case strings.ContainsRune(object, '$'):
		o.sure = false
	case strings.HasSuffix(object, "/"):
		o.read(path.Join(dir, object), depth+1)
	case isObject && module:
		o.found[moduleFile(path.Base(name))] = true
	}
}

// literals are the variables of a makefile that have one value in it, a plain word.
func literals(text string) map[string]string {
	values, twice := map[string]string{}, map[string]bool{}
	for line := range strings.Lines(text) {
		line, _, _ = strings.Cut(strings.TrimRight(line, "\n"), "#")
		if m := assigned.FindStringSubmatch(line); m != nil {
			twice[m[1]] = twice[m[1]] || values[m[1]] != "" && values[m[1]] != m[2]
			values[m[1]] = m[2]
		}
	}
	maps.DeleteFunc(values, func(name, _ string) bool { return twice[name] })
	return values
}

// expanded puts the values of variables in their places, a few times over; what has none stays.
func expanded(text string, values map[string]string) string {
	for range 3 {
		text = variable.ReplaceAllStringFunc(text, func(use string) string {
			if value, ok := values[variable.FindStringSubmatch(use)[1]]; ok {
				return value
			}
			return use
		})
	}
	return text
}

// moduleFile is a module as the kernel calls it, for which - and _ are one.
func moduleFile(name string) string { return strings.ReplaceAll(name, "-", "_") }
