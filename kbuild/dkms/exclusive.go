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
// each its own module. A kernel that OBSOLETE_BY names, or a newer one, has the modules itself.
func (c *Conf) For(k Kernel) (modules []Module, notMeant []Excluded, err error) {
	for _, m := range c.Modules() {
		reason, err := c.reason(m, k)
		switch {
		case err != nil:
			return nil, nil, err
		case reason != "":
			notMeant = append(notMeant, Excluded{m, reason})
		default:
			modules = append(modules, m)
		}
	}
	return modules, notMeant, nil
}

// rule is the value that a BUILD_EXCLUSIVE_* has for one module, and the name to call it by.
func (c *Conf) rule(directive string, m Module) (name, value string) {
	for index := range c.values[directive] {
		if index > 0 {
			return fmt.Sprintf("%s[%d]", directive, m.index), c.values[directive][m.index]
		}
	}
	return directive, c.Value(directive)
}

func (c *Conf) reason(m Module, k Kernel) (string, error) {
	if value := c.Value(excluded); value != "" {
		return fmt.Sprintf("%s=%q, which the file sets for this kernel", excluded, value), nil
	}
	if by := c.Value("OBSOLETE_BY"); by != "" && compare(k.Release, by) >= 0 {
		return fmt.Sprintf("OBSOLETE_BY=%q: kernels from there on have the module themselves", by), nil
	}
	for _, directive := range exclusives {
		name, want := c.rule(directive, m)
		if strings.TrimSpace(want) == "" {
			continue
		}
		reason, err := excludes(directive, want, k)
		if err != nil {
			return "", fmt.Errorf("%s: %w", name, err)
		}
		if reason != "" {
			return name + reason, nil
		}
	}
	return "", nil
}

// excludes applies one directive; what it gives goes on after the directive's name.
func excludes(directive, want string, k Kernel) (string, error) {
	switch directive {
	case "BUILD_EXCLUSIVE_KERNEL":
		return unmatched(want, k.Release)
	case "BUILD_EXCLUSIVE_ARCH":
		return unmatched(want, k.Arch)
	case "BUILD_EXCLUSIVE_KERNEL_MIN":
		if compare(k.Release, want) < 0 {
			return fmt.Sprintf("=%q is newer than %s", want, k.Release), nil
		}
	case "BUILD_EXCLUSIVE_KERNEL_MAX":
		if compare(k.Release, want) > 0 {
			return fmt.Sprintf("=%q is older than %s", want, k.Release), nil
		}
	case "BUILD_EXCLUSIVE_CONFIG":
		return lacks(want, k.Config), nil
	}
	return "", nil
}

func unmatched(want, value string) (string, error) {
	if ok, err := matches(want, value); err != nil || ok {
		return "", err
	}
	return fmt.Sprintf("=%q does not match %s", want, value), nil
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
