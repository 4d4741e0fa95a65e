package engine

import (
	"mago/cmd/mago/internal/modpkg"
	"mago/cmd/mago/internal/store"
)

// moduleState is what all states of one module share.
type moduleState struct {
	name   string
	word   string // see wordFor
	own    bool
	common string // its installed package of common files, "" for none

	candidates map[string]string // by source package
}

// kernelState is what all states for one kernel share.
type kernelState struct {
	release string
	version string // of its package, "" where nothing can be built for it
	gone    bool
}

// states crosses kernels with modules built or installed, of those that are named where some are; where nothing is known of a
// unit, and nothing wanted, it has none.
func (sv *surveyor) states(records []store.Record, only ...string) ([]State, error) {
	s, err := sv.survey(records, only...)
	if err != nil {
		return nil, err
	}
	modules := make([]moduleState, len(s.modules))
	for i, name := range s.modules {
		modules[i] = moduleState{name: name, candidates: map[string]string{}}
		modules[i].word, modules[i].own = sv.wordFor(s.first[name], name)
		modules[i].word = sv.withVersion(modules[i].word, s.newest[name])
		if common := modpkg.CommonName(name); sv.pkgs.packageVersion(common) != "" {
			modules[i].common = common
		}
	}
	var states []State
	for _, release := range s.kernels {
		k := kernelState{release: release, gone: s.gone(release)}
		if s.here[release] {
			if found, err := sv.kernels.kernel(release); err == nil {
				k.version = found.Version
			}
		}
		for _, m := range modules {
			if st := sv.state(s, m, k); st.State != "" {
				states = append(states, st)
			}
		}
	}
	return states, nil
}

// Having are those states of which want is true.
func Having(states []State, want func(State) bool) []State {
	var some []State
	for _, s := range states {
		if want(s) {
			some = append(some, s)
		}
	}
	return some
}

// IsWanted is for Having.
func IsWanted(s State) bool { return s.Wanted }
