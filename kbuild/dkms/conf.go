// Package dkms reads dkms.conf (dkms(8), "DKMS.CONF"). The file is bash: its values come from bash itself, which the
// caller runs in a sandbox with Script. This package reads what Script prints, applies dkms's rules, and keeps the result as JSON.
package dkms

import (
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"mago/debpkg/lazy"
	"mago/debpkg/word"
)

//go:embed evaluate.bash
var program string

// Script is the bash program that evaluates a dkms.conf and prints its directives for Parse.
// Its arguments are the path of the file and the variables that the file may read, as NAME=VALUE.
var Script = "mago_directives=(" + strings.Join(directives, " ") + ")\n" + program

// directives are all that mago reads of a file; others have no meaning, as with dkms. CLEAN is none of them: dkms 3.2
// runs it no more, and the build directory goes away anyway.
var directives = slices.Concat([]string{
	"PACKAGE_NAME", "PACKAGE_VERSION", "BUILT_MODULE_NAME", "BUILT_MODULE_LOCATION", "DEST_MODULE_NAME", "DEST_MODULE_LOCATION",
	"STRIP", "MAKE", "MAKE_MATCH", "PATCH", "PATCH_MATCH", "PRE_BUILD", "POST_BUILD", "POST_ADD", "BUILD_DEPENDS", "OBSOLETE_BY",
	"AUTOINSTALL", "NO_WEAK_MODULES", "BUILD_DEPENDS_REBUILD", excluded,
}, HookDirectives, exclusives, deprecated, ofFramework)

// Make is the bash program that runs one MAKE directive with everything in scope that the file set.
//
//go:embed make.bash
var Make string

// Hook is the bash program that runs POST_ADD, PRE_BUILD or POST_BUILD.
//
//go:embed hook.bash
var Hook string

// Conf is an evaluated dkms.conf. Arrays are sparse, as bash's are.
type Conf struct {
	Name, Version string   // PACKAGE_NAME, PACKAGE_VERSION
	Said          string   // what the file and bash printed while it was evaluated
	Misspelt      []string // see Misspelt
	values        map[string]map[int]string
	verdicts      map[string]map[int]verdict // on the values of the matched directives
}

// What begins and ends the output of Script. Without an end the file left bash before its own.
const (
	beginning  = "mago-begin-of-conf"
	terminator = "mago-end-of-conf"
	badSyntax  = "mago-bad-syntax"
)

// ErrUnread says that bash did not get as far as to judge the file: it could not be read, or bash not be started.
var ErrUnread = errors.New("bash could not read it")

// Parse reads the output of Script: name, index, value, each ended by a NUL. It wants what dkms wants before it takes
// a file: the two names, and modules that lie below the build directory. The error is ErrUnread where the file is not to blame.
// Of a file that lacks something the Conf has at least Name and Version, as far as it says them.
func Parse(output []byte) (*Conf, error) {
	fields := strings.Split(string(bytes.TrimSuffix(output, []byte{0})), "\x00")
	switch first, last := fields[0], fields[len(fields)-1]; {
	case first == badSyntax:
		return nil, errors.New("bash cannot parse it")
	case first != beginning:
		return nil, ErrUnread
	case last != terminator:
		return nil, errors.New("it exits before its end")
	}
	fields = fields[1 : len(fields)-1]
	if len(fields)%3 != 0 {
		return nil, errors.New("bash printed an incomplete list of directives")
	}
	c := &Conf{values: map[string]map[int]string{}, verdicts: map[string]map[int]verdict{}}
	for i := 0; i+2 < len(fields); i += 3 {
		index, err := strconv.Atoi(fields[i+1])
		if err != nil {
			return nil, fmt.Errorf("%s has index %q, which is not a number", fields[i], fields[i+1])
		}
		if err := c.take(fields[i], index, fields[i+2]); err != nil {
			return nil, err
		}
	}
	return c, c.check()
}

// take takes a value, or a verdict on one.
func (c *Conf) take(name string, index int, value string) error {
	directive, ok := strings.CutSuffix(name, verdictOf)
	if !ok {
		set(c.values, name, index, value)
		return nil
	}
	v, err := parseVerdict(value)
	set(c.verdicts, directive, index, v)
	return err
}

func set[T any](values map[string]map[int]T, name string, index int, value T) {
	if values[name] == nil {
		values[name] = map[int]T{}
	}
	values[name][index] = value
}

var placeholder = lazy.Regexp(`^([#@])[A-Z_]+[#@]$`)

func (c *Conf) check() error {
	c.Name, c.Version = c.Value("PACKAGE_NAME"), c.Value("PACKAGE_VERSION")
	switch {
	case c.Name == "" && c.Version == "" && len(c.values) == 0:
		return errors.New("it sets no directive at all")
	case c.Name == "":
		return errors.New("no PACKAGE_NAME")
	case c.Version == "":
		return errors.New("no PACKAGE_VERSION")
	}
	if _, err := word.ParseDKMS(c.Name); err != nil {
		return fmt.Errorf("PACKAGE_NAME: %w", err)
	}
	if _, err := word.ParseDKMS(c.Version); err != nil && !c.Placeholder() {
		return fmt.Errorf("PACKAGE_VERSION: %w", err)
	}
	for _, m := range c.Modules() {
		if err := m.check(); err != nil {
			return err
		}
	}
	return c.checkVerdicts()
}

// Placeholder reports whether PACKAGE_VERSION is one that a source's own release was to replace, such as
// #MODULE_VERSION#. dkms takes a version from its command line and never misses this one.
func (c *Conf) Placeholder() bool { return placeholder().MatchString(c.Value("PACKAGE_VERSION")) }

// Value is a scalar directive, or an array's element 0.
func (c *Conf) Value(name string) string { return c.values[name][0] }

// Jobs is how many compilers at once an administrator's framework.conf allows; 0 where it says nothing.
func (c *Conf) Jobs() int {
	n, _ := strconv.Atoi(c.Value("parallel_jobs")) // evaluate.bash passes numbers only
	return n
}

// Environment is the build_environment of an administrator's framework.conf: a file whose exported variables a build has, as
// dkms 3.3 does; "" where there is none.
func (c *Conf) Environment() string { return c.Value("build_environment") }

// Indexes lists the indexes of an array that are set, in order.
func (c *Conf) Indexes(name string) []int { return slices.Sorted(maps.Keys(c.values[name])) }
