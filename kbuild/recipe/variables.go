package recipe

import (
	"cmp"
	"regexp"
	"slices"

	"mago/kbuild/kernel"
)

// What out-of-tree Makefiles call the build directory of the kernel they are for, and its release. KERNELRELEASE is not
// among them: a Makefile takes it for the sign that kbuild is reading it. KERNELVERSION is kbuild's own.
var (
	headersVariables = []string{
		"KDIR", "KERNELDIR", "KERNEL_DIR", "KERN_DIR", "KSRC", "KSRC_DIR", "KERNEL_SRC", "KERNELSRC", "KERN_SRC", "KERNEL_SOURCE", "KERNEL_SOURCE_DIR",
		"KERNEL_SRC_DIR", "KERNEL_BUILD", "KERNEL_BUILD_DIR", "KBUILD", "KBUILD_DIR", "KBUILDDIR", "KBDIR", "KERNEL_HEADERS", "KERNEL_PATH", "KERNELPATH",
		"KERNEL_TREE", "KERNEL_ROOT", "KROOT", "KPATH", "KLIB_BUILD", "KSP", "LINUX_DIR", "LINUX_SRC", "LINUX_SRC_DIR", "LINUXDIR", "LINUX_SOURCE", "LINUX_KERNEL",
	}
	releaseVariables = []string{
		"KVER", "KVERS", "KVERSION", "KREL", "KRELEASE", "KERNEL_VERSION", "KERNEL_VER", "KERNELVER", "KERNEL_RELEASE", "KERN_VER", "KERN_VERSION",
		"BUILD_KERNEL", "KERNEL_UNAME", "UNAME_R", "kernelver", "LINUX_VERSION", "LINUXVERSION", "TARGET_KERNEL",
	}
)

var (
	references = regexp.MustCompile(`\$[({](\w+)[)}:]|\bifn?def\s+(\w+)`)
	assigned   = regexp.MustCompile(`(?m)^\s*(?:(?:export|override)\s+)*(\w+)\s*[:?+]*=[ \t]*(.*)$`)

	ofItsOwn = regexp.MustCompile(`PWD|CURDIR|pwd|\$[({](?:src|obj|srctree|objtree)[)}]|^[\w.]`)          // a directory of the source, not the kernel's
	computed = regexp.MustCompile(`\||\$[({](?:word|words|firstword|subst|patsubst|filter|findstring)\b`) // worked out of the release
)

// kernelVariables sets on make's command line what these Makefiles read of the variables above, unless they mean
// something else by the name.
func kernelVariables(k kernel.Kernel, all []*makefile) []string {
	read, values := map[string]bool{}, map[string][]string{}
	for _, m := range all {
		for _, found := range references.FindAllStringSubmatch(m.text, -1) {
			read[found[1]+found[2]] = true
		}
		for _, found := range assigned.FindAllStringSubmatch(m.text, -1) {
			values[found[1]] = append(values[found[1]], found[2])
		}
	}
	var args []string
	for _, name := range headersVariables {
		if read[name] && !slices.ContainsFunc(values[name], ofItsOwn.MatchString) {
			args = append(args, name+"="+cmp.Or(k.Build, k.Headers))
		}
	}
	for _, name := range releaseVariables {
		if read[name] && !slices.ContainsFunc(values[name], computed.MatchString) {
			args = append(args, name+"="+k.Release)
		}
	}
	return args
}
