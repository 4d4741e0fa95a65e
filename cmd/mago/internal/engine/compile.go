package engine

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"mago/catalog"
	"mago/cmd/mago/internal/store"
	"mago/debpkg"
	"mago/debpkg/payload"
	"mago/kbuild"
	"mago/kbuild/jobs"
	"mago/kbuild/recipe"
	"mago/kbuild/sandbox"
)

// BuildError is a failed build; its log tells the rest.
type BuildError struct {
	Unit    string
	release string
	Log     string
	Local   bool          // whether the source is the user's own, a directory or tarball
	newer   catalog.Offer // what apt has of the source in a newer version, if anything
	Err     error
}

func (e *BuildError) Error() string { return "build " + e.Unit + ": " + e.Err.Error() }
func (e *BuildError) Unwrap() error { return e.Err }

// PackError is a package of good modules that could not be made.
type PackError struct{ Err error }

func (e *PackError) Error() string { return e.Err.Error() }
func (e *PackError) Unwrap() error { return e.Err }

// buildLocked compiles and packages a unit whose lock is held, and leaves a record of how that went.
func (bu *builder) buildLocked(ctx context.Context, u unit) (store.Record, error) {
	return bu.recorded(ctx, u, func(at place, r *store.Record) error { return bu.compileAndPack(ctx, u, at, r) })
}

// recorded leaves a record of how the making of a unit's package went, and its log.
func (bu *builder) recorded(ctx context.Context, u unit, do func(at place, r *store.Record) error) (store.Record, error) {
	if err := bu.tryDest(ctx, u.name); err != nil {
		return store.Record{}, err
	}
	stage, err := bu.store.MakeStage(u.id())
	if err != nil {
		return store.Record{}, err
	}
	defer os.RemoveAll(stage)
	chosen, err := bu.confs.announceSandbox(ctx, u.name)
	if err != nil {
		return store.Record{}, err
	}
	log, err := bu.store.CreateLog(u.id())
	if err != nil {
		return store.Record{}, err
	}
	defer bu.store.DropUnfinished(u.id())
	defer log.Close()
	if err := u.keepPrivate(log.Name()); err != nil {
		return store.Record{}, err
	}
	client, err := bu.pool.Enter(ctx)
	if err != nil {
		return store.Record{}, err
	}
	defer client.Leave()
	if bu.begins != nil {
		bu.begins()
	}
	defer bu.host.awake(u.String() + " is built")()
	r := u.newRecord(chosen.String())
	r.Limits = chosen.Held.String()
	begun := time.Now()
	at := place{bu.store.Work(u.id()), log, client}
	err = within(at, func() error { return do(at, &r) })
	r.Seconds = time.Since(begun).Seconds()
	client.Leave() // before a lock is waited for
	return bu.conclude(ctx, u, r, log, err)
}

// place is where a unit's package is made.
type place struct {
	work   string // its work directory
	log    io.Writer
	client *jobs.Client // in the pool
}

// within does something in a unit's work directory, which is there meanwhile.
func within(at place, do func() error) (err error) {
	if err := store.FreshDir(at.work); err != nil {
		return &PackError{err}
	}
	defer func() {
		if failed := store.RemoveTree(at.work); failed != nil {
			err = errors.Join(err, &PackError{failed})
		}
	}()
	return do()
}

func (bu *builder) compileAndPack(ctx context.Context, u unit, at place, r *store.Record) (err error) {
	go bu.own()         // its file takes a while to hash; stageBill wants it
	go u.Kernel.Shape() // stageProven does
	if r.Unauthenticated, err = bu.prepare.unauthenticatedTools(ctx, u); err != nil {
		return &PackError{err}
	}
	needed, err := bu.neededModules(ctx, u, filepath.Join(at.work, "needed"), r)
	if err != nil {
		return &PackError{err}
	}
	conf := bu.confs.evaluateBeside(ctx, u, needed)
	inputs, err := bu.takeInputs(ctx, u, conf, r)
	if err != nil {
		return &PackError{err}
	}
	result, err := bu.compile(ctx, u, conf, needed, at, &r.Files)
	if err != nil {
		return err
	}
	bu.checkInputs(ctx, u, r)
	r.Recipe, r.RecipeName, r.RecipeVersion = result.Recipe, result.Name, result.Version
	if err := bu.pack(ctx, u, result, r); err != nil {
		return whosePackError(err, result)
	}
	if err := errors.Join(bu.store.StageSymvers(r.ID(), result.Symvers), bu.stageProven(ctx, u, r, result), bu.stageBill(u, r, inputs)); err != nil {
		return &PackError{err}
	}
	return nil
}

// whosePackError tells what the source brought, and no package may have, from what kept mago from writing one.
func whosePackError(err error, result *kbuild.Result) error {
	if refused := (*payload.RefusedError)(nil); errors.As(err, &refused) {
		return err
	}
	if field := (*debpkg.FieldError)(nil); result.Package != nil && errors.As(err, &field) {
		return &recipe.Error{Recipe: result.Recipe, Err: fmt.Errorf("its package cannot be made: %w", field)}
	}
	return &PackError{err}
}

// conclude keeps the record and the log of a build that went through, or that failed by what the source brought; one
// that was interrupted, or that this machine failed, leaves nothing.
func (bu *builder) conclude(ctx context.Context, u unit, r store.Record, log *os.File, err error) (store.Record, error) {
	switch {
	case err == nil:
		return r, bu.commit(ctx, &r, log)
	case ctx.Err() != nil:
		return store.Record{}, ctx.Err()
	case CauseOf(err).OfMachine():
		return store.Record{}, fmt.Errorf("build %s: %w", u, err)
	case isMachinesFault(err):
		return store.Record{}, err
	}
	fmt.Fprintf(log, "mago: %s\n", OneLine(err))
	fail(&r, err)
	kept := bu.store.Fail(&r, log)
	return r, errors.Join(&BuildError{Unit: u.String(), release: r.Kernel, Log: r.Log, Local: u.pkg == nil, newer: bu.apt.newer(ctx, u), Err: err}, kept)
}

// commit keeps a good build. The package of common files is also that of the module's other kernels.
func (bu *builder) commit(ctx context.Context, r *store.Record, log *os.File) error {
	if r.Common != nil {
		release, err := bu.locks(bu.Wait.Limit).Take(ctx, commonThing(r.Module, "written", false))
		if err != nil {
			return err
		}
		defer release()
	}
	return bu.store.Commit(r, log)
}

// compile runs the recipe, and counts the files that it compiles.
func (bu *builder) compile(ctx context.Context, u unit, conf confEvaluation, needed []recipe.Needed, at place, files *int) (*kbuild.Result, error) {
	where, err := bu.confs.sandboxOf(ctx, u.name)
	if err != nil {
		return nil, err
	}
	p := bu.say.begin("build", u.Kernel.Release)
	defer p.end()
	log := at.log
	if bu.Verbose {
		out, end := bu.outputOf(u)
		defer end()
		log = io.MultiWriter(log, out)
	}
	var counted fileCount
	before, _ := bu.lastBuild(u.id())
	where.Limits = where.Limits.Among(bu.pool.AtOnce())
	job := bu.confs.job(u.target, u.Kernel)
	where.Limits.Cores = job.Told()
	builder := bu.kbuilder(where, at.client, log)
	if builder.Signing, err = bu.signs.signing(ctx, u.name); err != nil {
		return nil, &PackError{err}
	}
	builder.Event = func(e recipe.Progress) {
		*files = counted.with(e.Files)
		p.compiled(fmt.Sprintf("%s: %s, %s", u.Kernel.Release, Plural(*files, "file"), e.File), *files, before.Files)
	}
	if len(needed) > 0 { // dkms.conf may look for these, which were not there when it was evaluated
		conf = confEvaluation{}
	}
	if errors.As(conf.err, new(*recipe.Error)) {
		_, _ = log.Write(conf.said)
		return nil, conf.err
	}
	job.Conf, job.Needed, job.Work = conf.conf, needed, at.work
	result, err := builder.Build(ctx, job)
	if err != nil {
		return nil, err
	}
	p.timed(fmt.Sprintf("%s: %s", u.Kernel.Release, Plural(len(result.Modules), "module")))
	return result, nil
}

// kbuilder compiles in a sandbox.
func (bu *builder) kbuilder(where sandbox.Sandbox, client *jobs.Client, log io.Writer) *kbuild.Builder {
	return &kbuild.Builder{Host: recipe.Host{
		Root: bu.Root, Sandbox: where, Jobs: client, Run: bu.host.Run, Log: log, ConfTimeout: bu.host.ConfTimeout,
		Warning: func(text string) { bu.say.note("warning", "%s", text) },
	}}
}

// keepPrivate has what is made of a source be as closed as that is: a package holds the source's changelog, too.
func (u unit) keepPrivate(file string) error {
	if !u.tree.Private {
		return nil
	}
	return os.Chmod(file, 0o600)
}

func isBelow(path, dir string) bool { return strings.HasPrefix(path, strings.TrimSuffix(dir, "/")+"/") }

// copyInto copies a file into a directory, under its own name.
func copyInto(dir, path string) (string, error) {
	in, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer in.Close()
	out, err := os.Create(filepath.Join(dir, filepath.Base(path)))
	if err != nil {
		return "", err
	}
	_, err = io.Copy(out, in)
	return out.Name(), errors.Join(err, out.Close())
}
