package engine

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"os"
	"path/filepath"

	"mago/cmd/mago/internal/store"
	"mago/kbuild"
	"mago/kbuild/dkms"
	"mago/kbuild/kernel"
	"mago/kbuild/recipe"
	"mago/kbuild/sandbox"
)

// confFile is the recipe that bash evaluates.
const confFile = "dkms.conf"

// confEvaluation is how the evaluation of a dkms.conf went.
type confEvaluation struct {
	conf *dkms.Conf // nil where err is not, and for a source that is built by something else
	said []byte     // what belongs in a build's log where err is not nil
	err  error
}

// job is what a unit's recipe goes by.
func (ev *evaluator) job(t target, k kernel.Kernel) kbuild.Job {
	own := ev.Of(t.name)
	return kbuild.Job{Source: t.source(), Kernel: k, Jobs: ev.pool.Size(), AtMost: own.MostJobs, Epoch: ev.buildEpoch(t), MakeArguments: own.MakeArguments, Variables: own.Variables}
}

// confs is where evaluations of an opened source's dkms.conf are kept: beside it, or in the cache where it is not mago's own.
func (ev *evaluator) confs(t target) string {
	return cmp.Or(t.tree.Beside(), ev.ownConfs())
}

func (p Paths) ownConfs() string { return filepath.Join(p.Cache, "confs") }

// isDKMS reports whether an opened source is built by its dkms.conf.
func isDKMS(t target) bool {
	file, err := recipe.File(t.source())
	return err == nil && file == confFile
}

// evaluate has an opened source's dkms.conf evaluated for a kernel, unless that was done before.
func (ev *evaluator) evaluate(ctx context.Context, t target, k kernel.Kernel) confEvaluation {
	if !isDKMS(t) {
		return confEvaluation{}
	}
	job := ev.job(t, k)
	key, err := recipe.Key(ev.Root, job)
	if err != nil {
		return confEvaluation{err: err}
	}
	evaluated := &ev.known.evaluated
	if e, ok := evaluated.find(key); ok {
		return e
	}
	if err := ctx.Err(); err != nil { // who was interrupted begins nothing
		return confEvaluation{err: err}
	}
	conf, ok := recipe.Kept(ev.confs(t), key)
	e := confEvaluation{conf: conf}
	if !ok {
		e = ev.evaluateNow(ctx, job)
	}
	if ctx.Err() != nil || errors.As(e.err, new(*sandbox.UserError)) || errors.As(e.err, new(*sandbox.UnavailableError)) {
		return e // what this very run may mend
	}
	evaluated.keep(key, e)
	if !ok && e.err == nil && !ev.DryRun && ev.seesAll(ctx, t.name) {
		_ = recipe.Keep(ev.confs(t), key, e.conf, t.tree.Private) // what is not kept is evaluated again by the next run
	}
	return e
}

// evaluateBeside has a unit's dkms.conf evaluated where it finds what the unit is compiled against. That is there for a build alone,
// so nothing is kept of it.
func (ev *evaluator) evaluateBeside(ctx context.Context, u unit, needed []recipe.Needed) confEvaluation {
	if len(needed) == 0 || !isDKMS(u.target) {
		return ev.evaluate(ctx, u.target, u.Kernel)
	}
	job := ev.job(u.target, u.Kernel)
	job.Needed = needed
	return ev.evaluateNow(ctx, job)
}

// seesAll reports whether a dkms.conf that is evaluated finds its source wherever dkms has it. Where it does not, modules may be
// missing, which must not be taken for the truth in another sandbox.
func (ev *evaluator) seesAll(ctx context.Context, module string) bool {
	chosen, err := ev.sandboxOf(ctx, module)
	return err == nil && chosen.Shows()
}

func (ev *evaluator) evaluateNow(ctx context.Context, job kbuild.Job) (e confEvaluation) {
	chosen, err := ev.sandboxOf(ctx, job.Source.Name)
	if err != nil {
		return confEvaluation{err: err}
	}
	var log bytes.Buffer
	host := recipe.Host{Root: ev.Root, Sandbox: chosen, Run: ev.host.Run, Log: &log, ConfTimeout: ev.host.ConfTimeout}
	e.err = store.Within(ev.store.WorkDir(), func(dir string) error {
		work, remove, err := sandbox.Scratch(dir)
		if err != nil {
			return err
		}
		defer remove()
		job.Work = work
		e.conf, err = recipe.Evaluate(ctx, host, job)
		return err
	})
	_ = os.Remove(ev.store.WorkDir()) // stays where something is built meanwhile
	e.said = log.Bytes()
	return e
}

// plan is what a dkms.conf tells of a unit; nil where it is not known, or the source has none.
func (ev *evaluator) plan(ctx context.Context, u unit) *dkms.Plan {
	if e := ev.evaluate(ctx, u.target, u.Kernel); e.conf != nil {
		return e.conf.Plan(dkmsKernel(u.Kernel))
	}
	return nil
}

func dkmsKernel(k kernel.Kernel) dkms.Kernel {
	return dkms.Kernel{Release: k.Release, Arch: k.Arch, Config: k.Config()}
}

// chooseSandbox gives the sandbox that foreign programs run in, but for modules that have one of their own.
func (ev *evaluator) chooseSandbox(ctx context.Context) (sandbox.Sandbox, error) {
	return ev.known.sandbox.get(0, func() (sandbox.Sandbox, error) { return ev.findSandbox(ctx, ev.Sandbox, ev.Limits) })
}

// sandboxOf gives the sandbox that a module's programs run in.
func (ev *evaluator) sandboxOf(ctx context.Context, module string) (sandbox.Sandbox, error) {
	own := ownSandbox{ev.Of(module).Sandbox, ev.Of(module).Limits}
	if (own == ownSandbox{ev.Sandbox, ev.Limits}) {
		return ev.chooseSandbox(ctx)
	}
	return ev.known.sandboxes.of(ev.known.changes.Load(), own, func() (sandbox.Sandbox, error) { return ev.findSandbox(ctx, own.kind, own.limits) })
}

// ownSandbox is what a module wants of its sandbox.
type ownSandbox struct {
	kind   sandbox.Kind
	limits sandbox.Limits
}

// findSandbox tries the sandboxes here for one of a kind.
func (ev *evaluator) findSandbox(ctx context.Context, kind sandbox.Kind, limits sandbox.Limits) (chosen sandbox.Sandbox, err error) {
	wish := sandbox.Wish{Root: ev.Root, AsRoot: ev.host.AsRoot, Nobody: ev.DryRun, Kind: kind, Limits: limits}
	err = store.Within(ev.store.WorkDir(), func(dir string) error {
		wish.Work = dir
		chosen, err = sandbox.Choose(ctx, wish, ev.host.Run)
		return err
	})
	_ = os.Remove(ev.store.WorkDir()) // stays where something is built meanwhile
	return chosen, err
}

// atOnce is in how many of the modules' sandboxes there may be programs at the same time: where all run as the build user, and
// nothing else keeps one build from another's files and processes, in one.
func (ev *evaluator) atOnce(ctx context.Context, modules []string) int {
	for _, module := range modules {
		if chosen, err := ev.sandboxOf(ctx, module); err == nil && chosen.Drop && !chosen.Parts() { // of an error the units tell
			return 1
		}
	}
	return ev.pool.Size()
}

// announceSandbox chooses a module's sandbox, and names the first once where it is not the closest, or with -v.
func (ev *evaluator) announceSandbox(ctx context.Context, module string) (sandbox.Sandbox, error) {
	chosen, err := ev.sandboxOf(ctx, module)
	if err == nil && (chosen.Kind != sandbox.Bubblewrap || ev.Verbose) {
		ev.known.shown.Do(func() { ev.say.note("sandbox", "%s", chosen) })
	}
	return chosen, err
}
