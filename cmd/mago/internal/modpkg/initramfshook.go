package modpkg

import (
	"fmt"
	"strings"

	"mago/debpkg"
	"mago/kbuild"
)

const hookText = `#!/bin/sh
set -e
if [ "$1" = prereqs ] || [ "$version" != %s ]; then
	exit 0
fi
. /usr/share/initramfs-tools/hook-functions
has() { [ -n "$(find "$DESTDIR/lib/modules/$version" -name "$1.ko*")" ]; }
`

// initramfsHook is a hook of initramfs-tools(7) that adds these modules to an initramfs of their kernel. Debian 13's takes the
// drivers of whole directories below kernel/, and there the kernel's own also where modprobe takes another
// (https://bugs.debian.org/1124400); Debian 12's and dracut ask modprobe.
func (u Unit) initramfsHook(modules []kbuild.Module) debpkg.File {
	var text strings.Builder
	fmt.Fprintf(&text, hookText, u.Kernel.Release)
	for _, name := range moduleNames(modules) {
		condition := ""
		if !u.Included {
			condition = fmt.Sprintf("! has %s || ", Quoted(strings.ReplaceAll(name, "_", "[-_]")))
		}
		fmt.Fprintf(&text, "%smanual_add_modules %s\n", condition, name)
	}
	file := debpkg.Bytes(hookOf(u.name()), []byte(text.String()))
	file.Mode = 0o755
	return file
}

// hookOf is where a package's hook is. initramfs-tools runs those alone whose names are of letters, digits and . _ - (run_scripts).
func hookOf(pkg string) string {
	return "/usr/share/initramfs-tools/hooks/" + strings.ReplaceAll(pkg, "+", "_")
}
