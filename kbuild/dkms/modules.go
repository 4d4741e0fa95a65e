package dkms

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"mago/debpkg/word"
)

// Module is one BUILT_MODULE_NAME and what belongs to it.
type Module struct {
	Name     string // BUILT_MODULE_NAME
	Location string // BUILT_MODULE_LOCATION, below the build directory
	Dest     string // DEST_MODULE_NAME
	Strip    bool
	index    int
}

// check refuses what dkms does, names with a suffix or of no file below the build directory, and what is no name.
func (m Module) check() error {
	for _, name := range []string{m.Name, m.Dest} {
		if strings.HasSuffix(name, ".ko") || strings.HasSuffix(name, ".o") {
			return fmt.Errorf("module %q must be named without its suffix", name)
		}
	}
	if m.Name == "" {
		return fmt.Errorf("no BUILT_MODULE_NAME[%d], which other directives are about", m.index)
	}
	if strings.Contains(m.Name+m.Dest, "/") || strings.Contains("/"+m.Location+"/", "/../") {
		return fmt.Errorf("module %q in %q is not a file below the build directory", m.Name, m.Location)
	}
	for _, name := range []string{m.Name, m.Dest} {
		if _, err := word.ParseModule(name); err != nil {
			return err
		}
	}
	return nil
}

// records lists the indexes that say something of a module.
func (c *Conf) records() []int {
	indexes := map[int]bool{}
	for _, family := range []string{"BUILT_MODULE_NAME", "BUILT_MODULE_LOCATION", "DEST_MODULE_NAME", "DEST_MODULE_LOCATION"} {
		for _, i := range c.Indexes(family) {
			indexes[i] = true
		}
	}
	return slices.Sorted(maps.Keys(indexes))
}

// Modules lists what the build gives. A file that names no module gives one of its package's name.
func (c *Conf) Modules() []Module {
	indexes := c.records()
	if len(indexes) == 0 {
		indexes = []int{0}
	}
	var modules []Module
	for _, i := range indexes {
		m := Module{Name: c.values["BUILT_MODULE_NAME"][i], Location: c.values["BUILT_MODULE_LOCATION"][i], Dest: c.values["DEST_MODULE_NAME"][i], index: i}
		if m.Name == "" && len(indexes) == 1 {
			m.Name = c.Name
		}
		if m.Dest == "" {
			m.Dest = m.Name
		}
		m.Strip = c.strips(i)
		modules = append(modules, m)
	}
	return modules
}

// strips applies STRIP, whose element 0 is the default of the others; whatever begins with an n means no.
func (c *Conf) strips(i int) bool {
	value := c.values["STRIP"][i]
	if value == "" {
		value = c.Value("STRIP")
	}
	return !strings.HasPrefix(strings.ToLower(value), "n")
}
