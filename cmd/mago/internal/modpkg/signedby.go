package modpkg

import (
	"fmt"
	"strings"

	"mago/debpkg"
	"mago/debpkg/visible"
)

// SignedBy is a certificate; the zero value is none.
type SignedBy struct {
	Name   string
	SHA256 string // of the certificate, in hexadecimal digits
}

// paragraph is the last one of a description: who has signed the modules, and what that is good for.
func (by SignedBy) paragraph() string {
	if by.Name == "" {
		return wrapped("The modules are not signed: a kernel that asks for signatures, as under Secure Boot, does not load them.")
	}
	return wrapped(fmt.Sprintf("The modules are signed with the certificate %s (SHA-256 %s). A kernel that asks for signatures, as under Secure Boot, loads them where this certificate, or the root that has issued it, is enrolled.",
		visible.Line(by.Name), by.SHA256))
}

// Resign has the package of modules that were signed anew say by whom.
func Resign(p *debpkg.Package, by SignedBy) {
	for i, f := range p.Control {
		if f.Name == "Description" {
			last := strings.LastIndex(f.Value, "\n\n")
			p.Control[i].Value = f.Value[:max(last, 0)] + "\n\n" + by.paragraph()
		}
	}
}
