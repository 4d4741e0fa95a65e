package engine

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"mago/catalog"
	"mago/cmd/mago/internal/store"
	"mago/kbuild/kernel"
)

// Listed is one module as list shows it; its JSON form is part of mago's interface.
type Listed struct {
	Module      string   `json:"module"`
	Package     string   `json:"package"`
	Version     string   `json:"version"`
	Kind        string   `json:"kind"`
	Installed   string   `json:"installed,omitempty"` // version of the source package, where that is installed
	Description string   `json:"description"`
	Held        string   `json:"held,omitempty"` // where the configuration has the module left alone
	Others      []string `json:"other_packages,omitempty"`
	Units       []State  `json:"kernels,omitempty"`

	Conf *ShownConf `json:"dkms_conf,omitempty"` // of opened sources
}

// List finds modules, by default all that are known and what was built here, and says how they are.
func (e *Engine) List(ctx context.Context, words []string) ([]Listed, error) {
	if len(Lists(words...)) > 0 {
		targets, err := e.modules.targets(ctx, words)
		if err != nil {
			return nil, err
		}
		return e.named(ctx, targets)
	}
	targets, err := e.modules.targets(ctx, []string{"all"})
	if err != nil {
		return nil, err
	}
	records, err := e.store.All()
	if err != nil {
		return nil, err
	}
	return e.rows(ctx, e.withLocal(ctx, targets, records), records)
}

// withLocal adds the modules that were built here or lie in /usr/src, and that no list of apt's knows.
func (e *Engine) withLocal(ctx context.Context, targets []target, records []store.Record) []target {
	seen := map[string]bool{}
	for _, t := range targets {
		seen[t.name] = true
	}
	for len(records) > 0 { // in order of their modules
		module := records[0].Module
		end := slices.IndexFunc(records, func(r store.Record) bool { return r.Module != module })
		if end < 0 {
			end = len(records)
		}
		if !seen[module] {
			if t, ok := e.modules.targetOf(ctx, module, records[:end]); ok {
				targets = append(targets, t)
			}
		}
		records = records[end:]
	}
	targets = append(targets, e.modules.inUsrSrc(e.catalog.opened(), targets)...)
	slices.SortStableFunc(targets, func(one, other target) int { return cmp.Compare(one.name, other.name) })
	return targets
}

// named are the rows of some modules, for which no others are looked at.
func (e *Engine) named(ctx context.Context, targets []target) ([]Listed, error) {
	if len(targets) == 0 {
		return []Listed{}, nil
	}
	names := targetNames(targets)
	records, err := e.store.All(names...)
	if err != nil {
		return nil, err
	}
	return e.rows(ctx, targets, records, names...)
}

// rows says how targets are, by the records and by what is installed of the modules that are named, or of all.
func (e *Engine) rows(ctx context.Context, targets []target, records []store.Record, only ...string) ([]Listed, error) {
	shown, err := e.kernels.toShow(ctx)
	if err != nil {
		return nil, err
	}
	states, err := e.states.states(records, only...)
	if err != nil {
		return nil, err
	}
	rows := []Listed{}
	of := statesOf(states)
	for _, t := range targets {
		rows = append(rows, e.listed(ctx, t, shown, of[t.name]))
	}
	return rows, nil
}

func targetNames(targets []target) (names []string) {
	for _, t := range targets {
		names = append(names, t.name)
	}
	return names
}

// statesOf are states by module.
func statesOf(states []State) map[string][]State {
	of := map[string][]State{}
	for _, s := range states {
		of[s.Module] = append(of[s.Module], s)
	}
	return of
}

func (e *Engine) listed(ctx context.Context, t target, k kernel.Kernel, units []State) Listed {
	row := Listed{Module: t.name, Version: t.version, Kind: "local", Units: units, Held: e.Of(t.name).Held}
	if p := t.pkg; p != nil {
		row.Package, row.Kind, row.Installed, row.Description = p.Name.String(), string(p.Kind), p.Installed.String(), p.Description
		if module, _, err := e.catalog.opened().Resolve(t.name); err == nil {
			for _, other := range module.Packages {
				if other.Name != p.Name {
					row.Others = append(row.Others, other.Name.String())
				}
			}
		}
	}
	row.Conf = e.openedConf(ctx, t, k)
	return row
}

// openedConf is what is known of the dkms.conf of a source that is opened, for a kernel; nil where there is none.
func (e *Engine) openedConf(ctx context.Context, t target, k kernel.Kernel) *ShownConf {
	if t.tree == nil && t.pkg != nil {
		if tree, ok := e.modules.fetcher().Cached(*t.pkg); ok && e.modules.identify(ctx, &t, tree) != nil {
			return nil
		}
	}
	if t.tree == nil || !isDKMS(t) {
		return nil
	}
	return e.keptForAny(t, k)
}

// SearchResult is what a search has found.
type SearchResult struct {
	Modules  []Listed
	Unlisted []*catalog.MissingError // what Debian has under such names that apt's sources leave out
	Partly   error                   // why some descriptions were not searched, nil where all were
}

// Search finds the modules in whose names or descriptions all words are.
func (e *Engine) Search(ctx context.Context, words []string) (SearchResult, error) {
	ix, err := e.catalog.catalog(ctx)
	if err != nil {
		return SearchResult{}, err
	}
	var r SearchResult
	long, err := ix.Descriptions(ctx, e.apt.catalogConfig())
	r.Partly = err // what is there is searched
	var found []target
	for _, m := range ix.Search(words, long) {
		found = append(found, newTarget(m, nil))
	}
	for _, t := range e.modules.inUsrSrc(ix, found) {
		if hasAll(t.name, words) {
			found = append(found, t)
		}
	}
	r.Modules, err = e.named(ctx, found)
	r.Unlisted = ix.Unlisted(ctx, e.apt.catalogConfig(), words)
	return r, err
}

// hasAll reports whether a name holds all words, in any case.
func hasAll(name string, words []string) bool {
	return !slices.ContainsFunc(words, func(word string) bool { return !strings.Contains(name, strings.ToLower(word)) })
}
