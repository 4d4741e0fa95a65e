package modpkg

import (
	"fmt"
	"path/filepath"
	"regexp"
	"strings"

	"mago/debpkg"
	"mago/kbuild"
)

// A module's package has the initramfs of its own kernel made anew, where that holds the module or is to hold it.
//
// Debian's trigger for that, update-initramfs, is not the one: initramfs-tools' postinst takes it for the newest kernel alone,
// dracut's of Debian 12 for every kernel. A maintainer script may also call update-initramfs -u -k RELEASE, but then five packages
// of one run make five images. So all packages for a kernel have an interest in a trigger of their own (deb-triggers(5)), which
// those activate that concern its initramfs: dpkg runs their scripts once more when it has configured all of them, and the first
// makes the image and removes the note that one is due. A note, and not the image's time: clocks go wrong. One that fails leaves
// the note and its package unconfigured: "dpkg --configure -a" tries again.
//
// What the image holds is for the script to find out: the package may be for another machine.
const initramfsFunctions = `
initramfs=/boot/initrd.img-%[1]s
due=/var/lib/misc/mago-initramfs-%[1]s

# Whether the initramfs is to be made anew for these modules.
concerns_initramfs() {
	[ -e "$initramfs" ] || return 1
	command -v update-initramfs >/dev/null || command -v dracut >/dev/null || return 1
%[2]s}

remake_initramfs() {
	[ -e "$initramfs" ] || return 0
	if command -v update-initramfs >/dev/null; then
		update-initramfs -u -k %[1]s
	else
		dracut -q --force "$initramfs" %[1]s
	fi
}
`

// earlyBoot is the rest of a script's question for modules that are marked for early boot.
const earlyBoot = "	return 0\n"

// lookInside is that rest for other modules: whether somebody has listed one of them, or the image has one, which may be the kernel's own.
const lookInside = `	[ ! -e "$due" ] || return 0
	grep -Eqs '%[1]s' %[2]s && return 0
	if command -v lsinitramfs >/dev/null; then
		files=$(lsinitramfs "$initramfs" 2>/dev/null)
	else
		files=$(lsinitrd "$initramfs" 2>/dev/null)
	fi || {
		echo "note: $initramfs cannot be read, so it is made anew"
		return 0
	}
	printf '%%s\n' "$files" | grep -Eq '%[3]s'
`

// initramfsCalls are what the scripts do by these functions. With the last package for a kernel the interest in the trigger goes.
var initramfsCalls = map[string]string{
	"postinst": `
if [ "$1" = configure ] && concerns_initramfs; then
	: >"$due"
	dpkg-trigger --no-await %[1]s
fi
if [ "$1" = triggered ] && [ -e "$due" ]; then
	remake_initramfs
	rm -f "$due"
fi
`,
	"postrm": `
if [ "$1" = remove ] && concerns_initramfs; then
	if ls %[2]s/*.ko* >/dev/null 2>&1; then
		: >"$due"
		dpkg-trigger --no-await %[1]s
	else
		remake_initramfs || echo "warning: $initramfs was not made anew (exit status $?)" >&2
		rm -f "$due"
	fi
fi
`,
}

// initramfsScript is what a script of these modules does for the initramfs.
func (u Unit) initramfsScript(script string, modules []kbuild.Module) string {
	question := earlyBoot
	if !u.Early {
		names := namesPattern(moduleNames(modules))
		question = fmt.Sprintf(lookInside, listed(names), strings.Join(InitramfsLists, " "), inImage(names))
	}
	return fmt.Sprintf(initramfsFunctions, u.Kernel.Release, question) +
		fmt.Sprintf(initramfsCalls[script], u.initramfsTrigger(), filepath.Join(u.Kernel.ModulesDir, kbuild.Subdirectory))
}

func (u Unit) initramfsTrigger() string { return "mago-initramfs-" + u.Kernel.Release }

// moduleNames are what modprobe calls the modules.
func moduleNames(modules []kbuild.Module) []string {
	var files []string
	for _, m := range modules {
		files = append(files, m.Path)
	}
	return Modules(files)
}

// namesPattern matches modules' names: those of files may have a hyphen where modprobe has an underscore.
func namesPattern(names []string) string {
	var patterns []string
	for _, name := range names {
		patterns = append(patterns, strings.ReplaceAll(regexp.QuoteMeta(name), "_", "[-_]"))
	}
	return "(" + strings.Join(patterns, "|") + ")"
}

// listed matches a line that names one of them outside of a comment.
func listed(names string) string { return "^([^#]*[^#[:alnum:]_-])?" + names + "([^[:alnum:]_-]|$)" }

// inImage matches the path of one of them.
func inImage(names string) string { return "/" + names + `\.ko(\.|$| )` }

// earlyField is the field of a package whose modules are marked for early boot.
const earlyField = "Mago-Early-Boot"

// early is that field, without a value where they are not.
func (u Unit) early() debpkg.Field {
	f := debpkg.Field{Name: earlyField}
	if u.Early {
		f.Value = "yes"
	}
	return f
}

// IsEarly reports whether a package's modules are marked for early boot.
func IsEarly(r *debpkg.Reader) bool { return r.Control().Get(earlyField) == "yes" }
