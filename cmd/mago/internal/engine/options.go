package engine

import (
	"context"
	"io"
	"time"

	"mago/cmd/mago/internal/keyring"
	"mago/debpkg/payload"
	"mago/kbuild/signing"
	"mago/sources/lock"
)

// Options are what an engine is made with. They do not change afterwards.
type Options struct {
	ModuleOptions                          // of all modules but those of Modules
	Modules       map[string]ModuleOptions // by the module's name

	Root     string   // the system to work on, an absolute path
	OwnCache bool     // whether somebody named the cache, which advice has to name, too
	Kernels  []string // words for kernels: releases, patterns, KernelWords
	// HeaderDirs are directories of kernel headers, inside the root; their kernels are worked for.
	HeaderDirs []string
	Name       string // what the one directory or tarball that is named is to be called, "" for its own name

	Force           bool // do again what is done already
	NoRebuild       bool // build nothing where any package of the module for the kernel is there
	AsItLies        bool // build opened sources as they lie in the cache
	DryRun          bool // change nothing
	Verbose         bool
	Reading         bool           // the command only shows something, and so waits for nobody
	Unauthenticated bool           // take packages that no signature covers which apt has checked
	UnsignedModules bool           // sign no modules, and install them also where the kernel asks for signed ones
	Allow           []payload.Glob // what packages may bring beside the rules for modules
	Jobs            int            // compilers at once, of all builds together; 0 is jobs.Default's
	Wait            Wait
	// OpenKey opens an encrypted key, once for each. The error is a *keyring.Error.
	OpenKey func(ctx context.Context, k keyring.Key, how Signing) (*signing.Signer, error)

	Date    time.Time // of what is built; zero is the source's own
	Version string    // mago's own
	Me      lock.Holder
	Caller  string    // the user whom sudo has made root, "" where there is none
	Output  io.Writer // what programs print, with Verbose; nil is nowhere
	Errors  io.Writer
}

// Wait is how long to wait for other processes.
type Wait struct {
	Given bool          // whether to wait for what may take long, too
	Limit time.Duration // for each thing; 0 is without end
}

// forLong is how long to wait for what may take long: a build, an installation.
func (w Wait) forLong() time.Duration {
	if !w.Given {
		return lock.AtOnce
	}
	return w.Limit
}

// Paths is where mago keeps things; host paths all.
type Paths struct {
	Cache  string // index.json, downloads/, trees/, and what follows
	Builds string // where records and packages go, "" for Cache
}
