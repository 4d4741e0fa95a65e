package recipe

import (
	"errors"
	"slices"
	"strings"

	"mago/kbuild/kernel"
)

// ofHeaders matches a program or file of a kernel's headers, and what a build says of it: that it is not there, or of another
// machine or C library.
var ofHeaders = pattern(`(?:^|[ '‘])(/?(?:[\w.+~-]+/)*(?:scripts|tools|arch)/[\w./+-]+)(?:['’], needed by |: (not found|No such file or directory|.*Exec format error|.*version .\w+_[\d.]+' not found))`)

// headersFault gives a *kernel.HeadersError for what is the headers' own, where that is so: a source may have scripts, too.
func headersFault(k kernel.Kernel, message string) error {
	m := ofHeaders().FindStringSubmatch(message)
	if strings.HasSuffix(message, noScript) && !slices.ContainsFunc(linkerScripts, k.Has) {
		return &kernel.HeadersError{Release: k.Release, Dir: k.Headers, Missing: linkerScripts[0]}
	}
	if m == nil {
		return nil
	}
	name, ofKbuild := m[1], strings.HasPrefix(m[1], "/usr/lib/linux-kbuild-")
	for _, dir := range []string{k.Headers, k.Build, k.Common} {
		name = strings.TrimPrefix(name, dir+"/")
	}
	switch there := ofKbuild || k.Has(name); {
	case !there && kbuildFiles().MatchString(name):
		return &kernel.HeadersError{Release: k.Release, Dir: k.Headers, Missing: name}
	case !there, m[2] == "":
		return nil
	}
	return &kernel.HeadersError{Release: k.Release, Dir: k.Headers, Wrong: errors.New("have a program that does not run here: " + message)}
}

// linkerScripts are where headers have a module's, Debian's in the second kind of place. noScript ends what a linker says where
// kbuild has found none.
var linkerScripts = []string{"scripts/module.lds", "arch/x86/module.lds", "arch/arm64/module.lds", "arch/arm/module.lds", "arch/powerpc/module.lds",
	"arch/s390/module.lds", "arch/riscv/module.lds", "arch/mips/module.lds", "arch/loongarch/module.lds"}

const noScript = "ld: cannot open linker script file -o: No such file or directory"

// kbuildFiles are those that kbuild wants of headers for every module.
var kbuildFiles = pattern(`^(?:scripts/(?:basic/fixdep|mod/modpost|module\.lds|gcc-plugins/\w+\.so)|arch/\w+/module\.lds|tools/objtool/objtool|tools/bpf/resolve_btfids/resolve_btfids)$`)
