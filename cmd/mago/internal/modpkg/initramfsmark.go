package modpkg

import (
	"regexp"
	"slices"
	"strings"
)

// initramfsHooks are directories of what goes into an initramfs, or says what does: initramfs-tools(7), dracut.conf(5).
var initramfsHooks = []string{"/usr/share/initramfs-tools/", "/etc/initramfs-tools/", "/usr/lib/dracut/", "/etc/dracut.conf.d/"}

// IsInitramfsHook reports whether a file that a source brings is for the initramfs.
func IsInitramfsHook(path string) bool {
	return slices.ContainsFunc(initramfsHooks, func(dir string) bool { return strings.HasPrefix(path, dir) })
}

// InitramfsLists are patterns of the files in which an administrator, or another package, names what an initramfs is to have.
var InitramfsLists = []string{"/etc/initramfs-tools/modules", "/usr/share/initramfs-tools/modules.d/*", "/etc/dracut.conf", "/etc/dracut.conf.d/*"}

// ListsOneOf finds a line of such a file that names one of the modules.
func ListsOneOf(names []string) (finds func(line string) bool) {
	return regexp.MustCompile(listed(namesPattern(names))).MatchString
}
