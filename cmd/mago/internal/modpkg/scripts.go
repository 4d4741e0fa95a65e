package modpkg

import (
	"fmt"
	"path/filepath"
	"strings"

	"mago/debpkg"
	"mago/kbuild"
)

// maintainerScript begins the scripts of every package. What they call is the system's, whatever lies in /usr/local or
// in the caller's PATH.
const maintainerScript = "#!/bin/sh\nset -e\nPATH=/usr/sbin:/usr/bin:/sbin:/bin\nexport PATH\n"

// depmodScript runs depmod where the kernel itself is installed: without it there is nothing to load modules into,
// and files of depmod's making would be left over. /sbin/depmod is there with a merged /usr and without. A removal goes on
// where it fails: the modules have gone.
const depmodScript = `
if [ "$1" = %s ] && [ -e %s/modules.builtin ] && [ -x /sbin/depmod ]; then
	/sbin/depmod %s%s
fi
`

// scripts are the maintainer scripts. As with dkms, the source's own come before depmod; the initramfs takes what depmod has found.
func (u Unit) scripts(result *kbuild.Result) (map[string]string, error) {
	all, err := u.hookScripts(result.Hooks)
	if err != nil {
		return nil, err
	}
	k := u.Kernel
	all["postinst"] += fmt.Sprintf(depmodScript, "configure", k.ModulesDir, k.Release, "")
	all["postrm"] += fmt.Sprintf(depmodScript, "remove", k.ModulesDir, k.Release, ` || echo "warning: depmod failed (exit status $?)" >&2`)
	for script := range initramfsCalls {
		all[script] += u.initramfsScript(script, result.Modules)
	}
	for script := range all {
		all[script] = maintainerScript + all[script]
	}
	return all, nil
}

// depmodOrder is a depmod.d(5) file that has these modules win over others of the same names: between updates/mago and
// updates/dkms depmod by itself takes what it happens to read last.
func (u Unit) depmodOrder(modules []kbuild.Module) debpkg.File {
	var text strings.Builder
	for _, m := range modules {
		fmt.Fprintf(&text, "override %s %s %s\n", m.Name, u.Kernel.Release, kbuild.Subdirectory)
	}
	lib := filepath.Dir(filepath.Dir(u.Kernel.ModulesDir))
	return debpkg.Bytes(filepath.Join(lib, "depmod.d", u.name()+".conf"), []byte(text.String()))
}

// IsOwn tells the files that mago itself writes among those of a package: that one, and the hook for the initramfs.
func IsOwn(pkg, path string) bool {
	return strings.HasSuffix(path, "/depmod.d/"+pkg+".conf") || path == hookOf(pkg)
}
