package engine

import (
	"maps"

	"mago/kbuild/sandbox"
)

// ModuleOptions are the options that may be others for a single module.
type ModuleOptions struct {
	Sandbox    sandbox.Kind // "" is the closest that works
	Limits     sandbox.Limits
	MostJobs   int    // how many of the run's compilers one of its builds has at once; 0 is all
	Reuse      bool   // take the modules of another kernel's build where they fit
	Maintainer string // of packages; "" is the source package's
	Dest       string // where copies of packages go, "" for nowhere
	Signing    Signing

	Version       string   // of the source package, the only one that is taken; "" is apt's candidate
	PinnedBy      string   // the file that names the version, with its line
	Held          string   // the file that has the module left alone, with its line; "" where none does
	Early         Choice   // whether the modules belong in the initramfs
	MakeArguments []string // added to the command line of the recipe's make
	Variables     []string // of dkms.conf, NAME=VALUE, which count more than what it says itself
}

// Signing is what modules are signed with.
type Signing struct {
	Key                  string     // an absolute path inside the root, or a pkcs11: URI; "" where none is named
	PassphraseFile       string     // an absolute path inside the root
	PassphraseCredential string     // the name of one that systemd passes (LoadCredential= in systemd.exec(5))
	Signatures           Signatures // "" is SignaturesAuto
	Resign               bool       // sign modules anew that come signed
}

// Signatures says which packages have signed modules.
type Signatures string

// The values of Signatures.
const (
	SignaturesAuto      Signatures = "auto"      // where there is a key
	SignaturesRequired  Signatures = "required"  // all; nothing is built without a key
	SignaturesElsewhere Signatures = "elsewhere" // all, by another machine; see Detached
	SignaturesNone      Signatures = "none"
)

// Choice is a yes or a no that nobody may have said.
type Choice int

// The values of Choice.
const (
	Unset Choice = iota
	Yes
	No
)

// Of are a module's options.
func (o Options) Of(module string) ModuleOptions {
	if own, ok := o.Modules[module]; ok {
		return own
	}
	return o.ModuleOptions
}

// withoutCopies are the same options with no directory for copies.
func (o Options) withoutCopies() Options {
	o.Dest, o.Modules = "", maps.Clone(o.Modules)
	for name, own := range o.Modules {
		own.Dest = ""
		o.Modules[name] = own
	}
	return o
}
