package main

import (
	"fmt"
	"strings"

	"mago/debpkg/apt"
)

// dkmsHint names the modules that apt wants dkms's packages for, which mago's may stand for.
func dkmsHint(e *apt.DKMSError) string {
	var modules []string
	for _, pkg := range e.Packages {
		if name, ok := strings.CutSuffix(pkg, "-dkms"); ok {
			modules = append(modules, name)
		}
	}
	if len(modules) == 0 {
		return "mago never installs dkms; to use it, install it yourself"
	}
	return fmt.Sprintf(`mago never installs these; "sudo mago auto-install %s" builds the modules, which may replace them`, strings.Join(modules, " "))
}
