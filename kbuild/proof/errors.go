package proof

import (
	"fmt"

	"mago/debpkg/visible"
)

// Wrong is all that keeps a kernel from taking a module. As an error it is the first of it.
type Wrong []error

func (w Wrong) Error() string { return w[0].Error() }
func (w Wrong) Unwrap() error { return w[0] }

// SymbolError says that a kernel would refuse a module, or load it as something else than it was compiled for: a symbol
// that it uses is nowhere, or is another than the one in the headers.
type SymbolError struct{ Module, Symbol, Why string }

func (e *SymbolError) Error() string {
	return visible.Line(fmt.Sprintf("module %s would not load: symbol %s %s", e.Module, e.Symbol, e.Why))
}

// DependsError says that a module names one that it depends on and that nobody gives.
type DependsError struct{ Module, Depends string }

func (e *DependsError) Error() string {
	return visible.Line(fmt.Sprintf("module %s depends on module %s, which neither the kernel nor this build has", e.Module, e.Depends))
}

// VermagicError says that a module was built for another kernel than the one asked for.
type VermagicError struct {
	Vermagic, Release string
	Word              string // of the same release: the word that is missing or too much
}

func (e *VermagicError) Error() string {
	if e.Word != "" {
		return visible.Line(fmt.Sprintf("its vermagic %.200q is not that of kernel %s, which differs in %q; was it built with other headers?", e.Vermagic, e.Release, e.Word))
	}
	return fmt.Sprintf("it was built for kernel %.200q, not for %s; does its Makefile ask uname -r?", e.Vermagic, e.Release)
}
