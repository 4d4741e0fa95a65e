// Package dkms reads dkms.conf (dkms(8), "DKMS.CONF"). The file is bash: its values come from bash itself, run by the
// caller in a closed room with Script; this package prepares that run, reads its output and applies dkms's rules.
package dkms

import (
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Script is the bash program that evaluates a dkms.conf and prints its directives for Parse.
// Its arguments are the path of the file and the VariablesFor the build.
//
//go:embed evaluate.bash
var Script string

// Make is the bash program that runs one MAKE directive with everything in scope that the file set.
//
//go:embed make.bash
var Make string

// Hook is the bash program that runs PRE_BUILD or POST_BUILD.
//
//go:embed hook.bash
var Hook string

// Conf is an evaluated dkms.conf. Arrays are sparse, as bash's are.
type Conf struct {
	Name, Version string // PACKAGE_NAME, PACKAGE_VERSION
	values        map[string]map[int]string
}

// Module is one BUILT_MODULE_NAME and what belongs to it.
type Module struct {
	Name     string // BUILT_MODULE_NAME
	Location string // BUILT_MODULE_LOCATION, below the build directory
	Dest     string // DEST_MODULE_NAME
	Strip    bool
}

// What ends the output of Script; without either the file left bash before its end.
const (
	terminator = "mago-end-of-conf"
	badSyntax  = "mago-bad-syntax"
)

// Parse reads the output of Script: name, index, value, each ended by a NUL. It wants what dkms wants before it takes
// a file: the two names, and modules that lie below the build directory.
func Parse(output []byte) (*Conf, error) {
	fields := strings.Split(string(bytes.TrimSuffix(output, []byte{0})), "\x00")
	switch fields[len(fields)-1] {
	case terminator:
	case badSyntax:
		return nil, errors.New("bash cannot parse it")
	default:
		return nil, errors.New("it exits before its end")
	}
	fields = fields[:len(fields)-1]
	if len(fields)%3 != 0 {
		return nil, errors.New("bash printed an incomplete list of directives")
	}
	c := &Conf{values: map[string]map[int]string{}}
	for i := 0; i+2 < len(fields); i += 3 {
		index, err := strconv.Atoi(fields[i+1])
		if err != nil {
			return nil, fmt.Errorf("%s has index %q, which is no number", fields[i], fields[i+1])
		}
		if c.values[fields[i]] == nil {
			c.values[fields[i]] = map[int]string{}
		}
		c.values[fields[i]][index] = fields[i+2]
	}
	c.Name, c.Version = c.Value("PACKAGE_NAME"), c.Value("PACKAGE_VERSION")
	return c, c.check()
}

var plainName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._+~:#-]*$`)

func (c *Conf) check() error {
	switch {
	case c.Name == "" && c.Version == "" && len(c.values) == 0:
		return errors.New("it sets no directive at all")
	case c.Name == "":
		return errors.New("no PACKAGE_NAME")
	case c.Version == "":
		return errors.New("no PACKAGE_VERSION")
	case !plainName.MatchString(c.Name):
		return fmt.Errorf("PACKAGE_NAME %q cannot be a directory's name", c.Name)
	case !plainName.MatchString(strings.TrimPrefix(c.Version, "#")):
		return fmt.Errorf("PACKAGE_VERSION %q cannot be a directory's name", c.Version)
	}
	for _, m := range c.Modules() {
		if m.Name == "" || strings.ContainsAny(m.Name+m.Dest, "/ \t\n") || strings.Contains("/"+m.Location+"/", "/../") {
			return fmt.Errorf("module %q in %q is no file below the build directory", m.Name, m.Location)
		}
	}
	return nil
}

// Value is a scalar directive, or an array's element 0.
func (c *Conf) Value(name string) string { return c.values[name][0] }

// Indexes lists the indexes of an array that are set, in order.
func (c *Conf) Indexes(name string) []int { return slices.Sorted(maps.Keys(c.values[name])) }

// Modules lists what the build gives. A file that names no module gives one of its package's name.
func (c *Conf) Modules() []Module {
	indexes := map[int]bool{}
	for _, family := range []string{"BUILT_MODULE_NAME", "BUILT_MODULE_LOCATION", "DEST_MODULE_NAME", "DEST_MODULE_LOCATION"} {
		for _, i := range c.Indexes(family) {
			indexes[i] = true
		}
	}
	if len(indexes) == 0 {
		indexes[0] = true
	}
	var modules []Module
	for _, i := range slices.Sorted(maps.Keys(indexes)) {
		m := Module{Name: c.values["BUILT_MODULE_NAME"][i], Location: c.values["BUILT_MODULE_LOCATION"][i], Dest: c.values["DEST_MODULE_NAME"][i]}
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

// MakeCommand is the MAKE directive for a kernel: the last whose MAKE_MATCH fits, else MAKE[0], else dkms's own.
func (c *Conf) MakeCommand(kernel string) (string, error) {
	command := ""
	for _, i := range c.Indexes("MAKE") {
		match := c.values["MAKE_MATCH"][i]
		if i > 0 && match == "" || c.values["MAKE"][i] == "" {
			continue
		}
		ok, err := matches(match, kernel)
		if err != nil {
			return "", fmt.Errorf("MAKE_MATCH[%d]: %w", i, err)
		}
		if ok {
			command = c.values["MAKE"][i]
		}
	}
	if command == "" {
		command = "make -C $kernel_source_dir M=$dkms_tree/$module/$module_version/build"
	}
	return command, nil
}

// Patches lists the files below patches/ to apply, in the order of their indexes.
func (c *Conf) Patches(kernel string) ([]string, error) {
	var patches []string
	for _, i := range c.Indexes("PATCH") {
		ok, err := matches(c.values["PATCH_MATCH"][i], kernel)
		if err != nil {
			return nil, fmt.Errorf("PATCH_MATCH[%d]: %w", i, err)
		}
		if ok && c.values["PATCH"][i] != "" {
			patches = append(patches, c.values["PATCH"][i])
		}
	}
	return patches, nil
}

// gnu are the escapes of the C library that Go spells otherwise.
var gnu = strings.NewReplacer(`\\`, `\\`, `\<`, `\b`, `\>`, `\b`)

// matches applies a POSIX extended expression as bash's =~ does; an empty one fits everything.
func matches(expression, s string) (bool, error) {
	if expression == "" {
		return true, nil
	}
	re, err := regexp.Compile(gnu.Replace(expression))
	if err != nil {
		return false, err
	}
	return re.MatchString(s), nil
}
