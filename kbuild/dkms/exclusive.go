package dkms

import (
	"fmt"
	"strings"

	"pault.ag/go/debian/version"
)

// Kernel is what the BUILD_EXCLUSIVE_* directives look at.
type Kernel struct {
	Release string
	Arch    string            // as uname -m prints it
	Config  map[string]string // its .config; nil: not known, which binds nothing, as with dkms
}

// exclusives are the directives that a build is bound to a kernel by.
var exclusives = []string{
	"BUILD_EXCLUSIVE_KERNEL", "BUILD_EXCLUSIVE_KERNEL_MIN", "BUILD_EXCLUSIVE_KERNEL_MAX", "BUILD_EXCLUSIVE_ARCH", "BUILD_EXCLUSIVE_CONFIG",
}

// excluded is the variable in which dkms notes that a file is not meant for a kernel. It takes it from the file as well, and
// some set it for what no BUILD_EXCLUSIVE_* can say.
const excluded = "build_exclude"

// Excluded is a module that is not meant for a kernel.
type Excluded struct {
	Module Module
	Reason string
}

// For splits the modules into those to be built for a kernel and those that BUILD_EXCLUSIVE_* keep back. A directive
// that is set as a scalar, or for index 0 alone, binds all of them, as in dkms 3.2; one with further indexes binds
// each its own module. A kernel that OBSOLETE_BY names, or a newer one, has the modules itself. The kernel is the one that the
// file was evaluated for.
func (c *Conf) For(k Kernel) (modules []Module, notMeant []Excluded) {
	for _, m := range c.Modules() {
		if reason := c.reason(m, k); reason != "" {
			notMeant = append(notMeant, Excluded{m, reason})
		} else {
			modules = append(modules, m)
		}
	}
	return modules, notMeant
}

// rule is the index of the value that a BUILD_EXCLUSIVE_* has for one module, and the name to call it by.
func (c *Conf) rule(directive string, m Module) (name string, index int) {
	for index := range c.values[directive] {
		if index > 0 {
			return fmt.Sprintf("%s[%d]", directive, m.index), m.index
		}
	}
	return directive, 0
}

func (c *Conf) reason(m Module, k Kernel) string {
	if value := c.Value(excluded); value != "" {
		return fmt.Sprintf("%s=%q, which the file sets for this kernel", excluded, value)
	}
	if by := c.Value("OBSOLETE_BY"); by != "" && compare(k.Release, by) >= 0 {
		return fmt.Sprintf("OBSOLETE_BY=%q: kernels from there on have the module themselves", by)
	}
	for _, directive := range exclusives {
		name, index := c.rule(directive, m)
		if c.values[directive][index] == "" {
			continue
		}
		if reason := c.excludes(directive, index, k); reason != "" {
			return name + reason
		}
	}
	return ""
}

// excludes applies one directive; what it gives goes on after the directive's name.
func (c *Conf) excludes(directive string, index int, k Kernel) string {
	want := c.values[directive][index]
	switch {
	case directive == "BUILD_EXCLUSIVE_CONFIG":
		return lacks(want, k.Config)
	case directive == "BUILD_EXCLUSIVE_KERNEL_MIN" && compare(k.Release, want) < 0:
		return fmt.Sprintf("=%q is newer than %s", want, k.Release)
	case directive == "BUILD_EXCLUSIVE_KERNEL_MAX" && compare(k.Release, want) > 0:
		return fmt.Sprintf("=%q is older than %s", want, k.Release)
	}
	subject := k.Release
	if directive == "BUILD_EXCLUSIVE_ARCH" {
		subject = k.Arch
	}
	switch c.verdict(directive, index) {
	case misses:
		return fmt.Sprintf("=%q does not match %s", want, subject)
	case broken:
		return fmt.Sprintf("=%q is not a regular expression to bash, and matches no kernel", want)
	}
	return ""
}

func compare(release, other string) int {
	return version.Compare(version.Version{Version: release}, version.Version{Version: other})
}

// lacks reads BUILD_EXCLUSIVE_CONFIG: options that must be set (y or m), those after ! that must not.
func lacks(want string, config map[string]string) string {
	if config == nil {
		return ""
	}
	for word := range strings.FieldsSeq(want) {
		option, not := strings.CutPrefix(word, "!")
		set := config[option] == "y" || config[option] == "m"
		if set == not {
			return " wants " + word
		}
	}
	return ""
}
