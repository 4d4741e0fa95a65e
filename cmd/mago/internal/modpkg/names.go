package modpkg

import (
	"regexp"
	"strings"
)

// Name is the package of a module for one kernel.
func Name(module, release string) string { return Spell(module, "modules", release) }

// CommonName is the package of a module's files that are the same for every kernel: modprobe.d and udev rules and the
// like.
func CommonName(module string) string { return Name(module, "common") }

func (u Unit) name() string       { return Name(u.Module, u.Kernel.Release) }
func (u Unit) commonName() string { return CommonName(u.Module) }

// OwnName is what a module's own directories are called (payload.Policy), and how the names of its packages begin.
func OwnName(module string) string { return Spell(module) }

// modulesName is <module>-modules-<release>, mago's and module-assistant's; perl-modules-5.36 is no such name.
var modulesName = regexp.MustCompile(`^(.+?)-modules-([0-9]+\.[0-9]+[.-].*)$`)

// ParseName reads the name of a package of modules: the module, and its kernel's release, which common files do not have.
// The module is "" for other packages, those of the kernel's own modules too.
func ParseName(name string) (module, release string) {
	if m := modulesName.FindStringSubmatch(name); m != nil {
		module, release = m[1], m[2]
	} else if before, common := strings.CutSuffix(name, "-modules-common"); common {
		module = before
	}
	if module == "linux" {
		return "", ""
	}
	return module, release
}

// Spell joins words with hyphens. What a package's name may not hold (Policy 5.6.1) is mapped: upper case to lower,
// every other character to a hyphen.
func Spell(words ...string) string {
	return mapped(strings.ToLower(strings.Join(words, "-")), "+-.", '-')
}

// Version is <source version>+<kernel version>, as module-assistant writes it. The source's epoch stays in front; the
// kernel's, which could not stand in the middle, is left out. Characters that versions may not hold (Policy 5.6.12)
// become dots.
func Version(source, kernel string) string {
	if _, rest, ok := strings.Cut(kernel, ":"); ok {
		kernel = rest
	}
	return source + "+" + mapped(kernel, "+-.~", '.')
}

// mapped puts other in the place of what is neither an ASCII letter, a digit nor allowed.
func mapped(s, allowed string, other rune) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || strings.ContainsRune(allowed, r) {
			return r
		}
		return other
	}, s)
}
