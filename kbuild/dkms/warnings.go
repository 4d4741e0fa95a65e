package dkms

import (
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"
)

// deprecated are the directives that dkms 3 knows by name only.
var deprecated = []string{remakeInitrd, "MODULES_CONF", "MODULES_CONF_OBSOLETES", "MODULES_CONF_ALIAS_TYPE", "MODULES_CONF_OBSOLETE_ONLY"}

const remakeInitrd = "REMAKE_INITRD"

// RemakesInitrd reports whether a file has the initramfs made anew with its modules. dkms 2 looks at the first letter alone
// (dkms(8)), and dkms 3 does nothing about it; users still set it, for a root file system on such a module.
func (c *Conf) RemakesInitrd() bool {
	value := c.Value(remakeInitrd)
	return strings.HasPrefix(value, "y") || strings.HasPrefix(value, "Y")
}

// ofFramework are settings of framework.conf, which dkms takes from no other file.
var ofFramework = []string{"modprobe_on_install", "post_transaction"}

// Warnings tells what of a file has no effect, and what dkms 3.2 would refuse the file for although modules can be
// built by it.
func (c *Conf) Warnings() []string {
	var all []string
	for _, name := range deprecated {
		if name == remakeInitrd && c.RemakesInitrd() {
			all = append(all, name+" has no effect in dkms 3; mago has the initramfs made anew")
		} else if len(c.values[name]) > 0 {
			all = append(all, name+" is deprecated and has no effect")
		}
	}
	for _, name := range ofFramework {
		if c.Value(name) != "" {
			all = append(all, name+" has no effect: dkms takes it from framework.conf alone, and mago from nowhere")
		}
	}
	if c.Placeholder() {
		all = append(all, fmt.Sprintf("PACKAGE_VERSION=%q is a placeholder; the source's version is %s", c.Value("PACKAGE_VERSION"), c.Version))
	}
	for _, name := range []string{"AUTOINSTALL", "NO_WEAK_MODULES", "BUILD_DEPENDS_REBUILD"} {
		if value := c.Value(name); value != "" && !strings.EqualFold(value, "yes") && !strings.EqualFold(value, "no") {
			all = append(all, fmt.Sprintf("%s=%q is neither yes nor no; dkms would refuse the file", name, value))
		}
	}
	return append(all, c.recordWarnings()...)
}

// recordWarnings is about the indexes of the modules, and where these are to be installed: dkms wants that said for
// each, although Debian's puts them elsewhere.
func (c *Conf) recordWarnings() []string {
	var all []string
	records := c.records()
	if len(records) > 0 && records[len(records)-1] != len(records)-1 {
		all = append(all, "the modules' indexes leave numbers out; dkms would refuse the file")
	}
	var without []string
	for _, i := range records {
		where := c.values["DEST_MODULE_LOCATION"][i]
		if !slices.ContainsFunc([]string{"/kernel", "/updates", "/extra"}, func(top string) bool { return strings.HasPrefix(where, top) }) {
			without = append(without, strconv.Itoa(i))
		}
	}
	if len(without) > 0 {
		all = append(all, fmt.Sprintf("DEST_MODULE_LOCATION[%s] does not begin with /kernel, /updates or /extra; dkms would refuse the file", strings.Join(without, ",")))
	}
	return append(all, c.repeatWarnings()...)
}

// repeatWarnings is about modules that two records build, or install, which can be meant for different kernels.
func (c *Conf) repeatWarnings() []string {
	var all []string
	seen := map[string]bool{}
	for _, m := range c.Modules() {
		built, installed := "BUILT_MODULE_NAME "+path.Join(m.Location, m.Name), "DEST_MODULE_NAME "+m.Dest
		for _, name := range []string{built, installed} {
			if seen[name] {
				all = append(all, fmt.Sprintf("index %d repeats the %s; dkms would refuse the file", m.index, name))
			}
			seen[name] = true
		}
	}
	return all
}

// BuildDepends lists the packages of modules that dkms wants installed before it builds this one, by PACKAGE_NAME.
func (c *Conf) BuildDepends() []string {
	var names []string
	for _, i := range c.Indexes("BUILD_DEPENDS") {
		names = append(names, strings.Fields(c.values["BUILD_DEPENDS"][i])...)
	}
	return names
}

// Rules lists the BUILD_EXCLUSIVE_*, build_exclude and OBSOLETE_BY that a file sets, as "NAME=value" or "NAME[index]=value".
func (c *Conf) Rules() []string {
	var rules []string
	for _, name := range append(slices.Clone(exclusives), excluded, "OBSOLETE_BY") {
		for _, i := range c.Indexes(name) {
			rule := fmt.Sprintf("%s[%d]", name, i)
			if i == 0 {
				rule = name
			}
			if value := c.values[name][i]; value != "" {
				rules = append(rules, rule+"="+value)
			}
		}
	}
	return rules
}
