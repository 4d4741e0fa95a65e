// Package kbuild compiles out-of-tree modules: it has a module's recipe followed (sub-package recipe) in a sandbox (sub-package
// sandbox) against a kernel's headers (sub-package kernel), copies out what it left, has that read in the sandbox (sub-package
// elfmodule), proves it (sub-package proof), signs it (sub-package signing) and gives back finished .ko files. Of apt's lists and of packages it knows nothing.
package kbuild

import (
	"context"

	"mago/kbuild/kernel"
	"mago/kbuild/proof"
	"mago/kbuild/recipe"
)

// Job is one module to build for one kernel.
type Job = recipe.Job

// Builder runs jobs.
type Builder struct {
	recipe.Host
	Signing Signing
}

// Result is what a build gives: finished modules, stripped and compressed as the kernel's own are.
type Result struct {
	Name    string // the module's, as its recipe has it, or the source
	Version string // the same
	Recipe  string // "dkms.conf", "debian/rules", "Kbuild", or "Makefile" where its own rules did it
	Modules []Module
	Symvers string          // host path of a Module.symvers of what the modules export, below the job's work directory; "": nothing
	Uses    []string        // of Job.Needed, those whose symbols the modules use
	Package *recipe.Package // what came with the modules; nil where the recipe was no debian/rules
	Hooks   []recipe.Hook   // scripts of the source that the package is to run
}

// Module is one finished kernel module.
type Module struct {
	Name     string // as modprobe knows it
	Path     string // where it goes, inside the root
	File     string // where it lies now: host path, below the job's work directory
	Vermagic string
	Depends  []string // modules that it needs loaded
	Signed   bool     `json:",omitempty"` // by mago; what came signed and was left so is not
	Came     bool     `json:",omitempty"` // whether the recipe gave it signed: other signatures of it take another compilation
	Facts    proof.Module
}

// Build compiles one job. Errors that somebody can mend are those of recipe.Recipe, *kernel.ArchError, *kernel.HeadersError,
// *proof.SymbolError, *proof.DependsError, *proof.VermagicError, *SignError,
// *signing.HashError, *signing.SignatureError and *sandbox.ReachError. A *sandbox.BrokenError is this machine's.
func (b *Builder) Build(ctx context.Context, job Job) (*Result, error) {
	before := recipe.OOMKills()
	result, err := b.buildOnce(ctx, job)
	return result, recipe.OfMemory(err, err != nil && recipe.OOMKills() > before)
}

func (b *Builder) buildOnce(ctx context.Context, job Job) (*Result, error) {
	if err := job.Kernel.Native(); err != nil {
		return nil, err
	}
	if missing := kernel.MissingTools(b.Root, job.Kernel); len(missing) > 0 {
		return nil, missing[0]
	}
	if limit := b.Sandbox.Limits.Time; limit > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, limit, b.Sandbox.Limits.Exceeded("time"))
		defer cancel()
	}
	w, err := recipe.Open(b.Host, job)
	if err != nil {
		return nil, err
	}
	defer w.Close()
	if err := w.Shown(); err != nil {
		return nil, err
	}
	staged, err := follow(ctx, w)
	if err != nil {
		return nil, recipe.Explain(ctx, w, err)
	}
	return b.finish(ctx, w, staged)
}

// follow runs the source's recipe.
func follow(ctx context.Context, w *recipe.Workspace) (*recipe.Staged, error) {
	if err := w.PlaceNeeded(ctx); err != nil {
		return nil, err
	}
	r, err := recipe.Of(w.Job.Source)
	if err != nil {
		return nil, err
	}
	return r.Run(ctx, w)
}
