package engine

import (
	"context"
	"slices"
	"strings"

	"mago/cmd/mago/internal/store"
	"mago/kbuild/sandbox"
)

// StatusReport says how things are.
type StatusReport struct {
	States     []State
	Names      []string     // the modules asked for, nil for all
	Cached     []string     // where nothing is known of the kernels asked for: those whose headers are in the cache
	Machine    int          // how many kernels of the machine want modules
	Running    string       // the running kernel's release
	Unloadable []unloadable // what the kernels do not load
	Next       []string     // the commands to type, what is wanted most last
	Unlisted   error        // why the catalog could not be read, nil where it could
}

// Status compares kernels with modules, all of them where no words are given.
func (e *Engine) Status(ctx context.Context, words []string) (StatusReport, error) {
	r := StatusReport{Running: e.kernels.running()}
	_, r.Unlisted = e.catalog.catalog(ctx)
	records, err := e.store.All()
	if err != nil {
		return r, err
	}
	states, err := e.states.states(records)
	if err != nil {
		return r, err
	}
	chosen, err := e.kernels.chosen(ctx)
	if err != nil {
		return r, err
	}
	if r.Names, err = e.statusNames(ctx, words, states); err != nil {
		return r, err
	}
	r.Machine = len(KernelsOf(Having(states, IsWanted)))
	r.States = slices.DeleteFunc(states, func(s State) bool {
		return !chosen(s.Kernel) || r.Names != nil && !slices.Contains(r.Names, s.Module)
	})
	if len(r.States) == 0 && e.Limited() {
		r.Cached = slices.DeleteFunc(e.kernels.cache.releases(), func(release string) bool { return !chosen(release) })
		if err := e.checkChosen(records, chosen); err != nil && len(r.Cached) == 0 {
			return r, err
		}
	}
	checkHeaders(ctx, e, r.States)
	checkPins(ctx, e.modules, r.States)
	steps := e.states.steps()
	for i := range r.States {
		r.States[i].Next = strings.Join(steps.Of(r.States[i:i+1]), " && ")
	}
	r.Unloadable = e.states.unloadable(r.States)
	r.Next = append(e.keySteps(r.Unloadable), steps.Of(r.States)...)
	return r, nil
}

// keySteps are the commands that lead to modules which a kernel loads.
func (e *Engine) keySteps(all []unloadable) (steps []string) {
	isForeign := func(u unloadable) bool { return u.Foreign }
	if slices.ContainsFunc(all, func(u unloadable) bool { return !u.Foreign }) {
		steps = append(steps, e.system().SudoMago("key", "status"))
	}
	if slices.ContainsFunc(all, isForeign) {
		steps = append(steps, e.system().Enrolment("mok.der")...)
	}
	return steps
}

// BuildSandbox is the sandbox that a build would run in.
func (e *Engine) BuildSandbox(ctx context.Context) (sandbox.Sandbox, error) {
	return e.confs.chooseSandbox(ctx)
}

// statusNames are the modules that status is asked for, nil for all of them. What is built or installed is known by its
// name, whether or not a list names it.
func (e *Engine) statusNames(ctx context.Context, words []string, states []State) (names []string, err error) {
	for _, word := range ModuleWords(words) {
		if slices.ContainsFunc(states, func(s State) bool { return s.Module == word }) {
			names = append(names, word)
			continue
		}
		some, err := e.cleaner.moduleNames(ctx, []string{word})
		if err != nil {
			return nil, err
		}
		names = append(names, some...)
	}
	return names, nil
}

// checkHeaders finds kernels for which nothing can be built, since their headers are neither here nor in apt.
func checkHeaders(ctx context.Context, e *Engine, states []State) {
	var inApt []string
	for i, s := range states {
		if !s.isDue() {
			continue
		}
		if _, err := e.kernels.kernel(s.Kernel); err == nil {
			continue
		}
		if inApt == nil {
			known, err := e.apt.releasesInApt(ctx)
			if err != nil {
				return
			}
			inApt = append(known, "")
		}
		if !slices.Contains(inApt, s.Kernel) {
			states[i].Word, states[i].Reason = "", "no headers for this kernel, installed or in apt"
		}
	}
}

// checkChosen refuses a choice by -l or -k that fits no kernel on the machine: to scripts that would look as if all were well.
func (e *Engine) checkChosen(records []store.Record, chosen func(release string) bool) error {
	s, err := e.states.survey(records)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(s.kernels, chosen) {
		words := slices.Concat(e.Options.Kernels, e.HeaderDirs)
		if slices.Equal(words, []string{"running"}) {
			return &NoKernelError{Word: e.kernels.running(), Running: true, here: true}
		}
		return &NoKernelError{Word: strings.Join(words, ", "), here: true}
	}
	return nil
}
