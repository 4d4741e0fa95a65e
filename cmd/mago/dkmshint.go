package main

import (
	"fmt"
	"strings"

	"mago/debpkg/apt"
)

// dkmsHint names the modules that apt wants dkms's packages for, which mago's may stand for.
func (a adviser) dkmsHint(e *apt.DKMSError) string {
	var modules []string
	for _, pkg := range e.Packages {
		if name, ok := strings.CutSuffix(pkg, "-dkms"); ok {
			modules = append(modules, name)
		}
	}
	if len(modules) == 0 {
		return "mago never installs dkms; to use it, install it yourself"
	}
	return fmt.Sprintf(`mago never installs these; "%s" builds the modules, which may replace them`, a.on.SudoMago(append([]string{"auto-install"}, modules...)...))
}
