package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"mago/catalog"
	"mago/debpkg/visible"
)

type listCommand struct {
	Modules []string `arg:"" optional:"" name:"module" help:"Names, all, alli (installed), allu (opened); all by default, and what was built here."`
	jsonOption
}

// Run lists modules.
func (c *listCommand) Run(a *app, ctx context.Context) error {
	c.apply(a)
	if len(lists(c.Modules...)) > 0 {
		return a.list(ctx, c.Modules, c.JSON)
	}
	targets, err := a.modules.targets(ctx, []string{"all"})
	if err != nil {
		return err
	}
	if targets, err = a.withLocal(ctx, targets); err != nil {
		return err
	}
	return a.printList(ctx, targets, c.JSON)
}

type listInstalledCommand struct{ jsonOption }

// Run lists the modules that are installed.
func (c *listInstalledCommand) Run(a *app, ctx context.Context) error {
	c.apply(a)
	return a.list(ctx, []string{"alli"}, c.JSON)
}

type searchCommand struct {
	Text []string `arg:"" name:"text" help:"What to look for in names and descriptions, in any case; all of several words."`
	jsonOption
}

// Run lists the modules in whose names or descriptions all words are found.
func (c *searchCommand) Run(a *app, ctx context.Context) error {
	c.apply(a)
	ix, err := a.catalog.catalog(ctx)
	if err != nil {
		return err
	}
	long, err := ix.Descriptions(ctx, a.apt.catalogConfig())
	if err != nil { // what is there is searched
		complain(a.stderr, "mago: "+oneLine(err))
	}
	var found []target
	for _, m := range ix.Search(c.Text, long) {
		found = append(found, newTarget(m, nil))
	}
	for _, t := range a.modules.inUsrSrc(ix, found) {
		if hasAll(t.name, c.Text) {
			found = append(found, t)
		}
	}
	rows, err := a.rows(ctx, found)
	switch {
	case err != nil:
		return err
	case c.JSON:
		return a.printJSON(rows)
	}
	defer a.tellUnlisted(ctx, ix, c.Text, len(rows) > 0)
	if len(rows) == 0 {
		return nil
	}
	var table [][]string
	for _, r := range rows {
		table = append(table, []string{r.Module, r.Package, r.Version, r.Description})
	}
	return writeColumns(a.screen.out, a.screen.out.columns(), searchColumns, table)
}

// tellUnlisted says what Debian has under such names that apt's sources leave out, or else that nothing was found.
func (a *app) tellUnlisted(ctx context.Context, ix *catalog.Index, words []string, found bool) {
	var more []string
	unlisted := ix.Unlisted(ctx, a.apt.catalogConfig(), words)
	for _, e := range unlisted {
		more = append(more, fmt.Sprintf("%s (%s)", e.Source.Package, e.Place.Component))
	}
	switch {
	case len(more) > 0:
		complain(a.stderr, "mago: apt's sources leave out "+strings.Join(more, ", "))
		complain(a.stderr, "mago: hint: "+leftOutHint(unlisted...))
	case !found:
		complain(a.stderr, "mago: no module source in apt's lists has "+visible.Line(strings.Join(words, " and "))+" in its name or description")
	}
}

// searchColumns give way as listColumns do.
var searchColumns = []column{{title: "MODULE"}, {title: "SOURCE PACKAGE", least: 20, goes: 2}, {title: "VERSION", least: 10, goes: 1}, {title: "DESCRIPTION", least: 28}}

// hasAll reports whether a name holds all words, in any case.
func hasAll(name string, words []string) bool {
	return !slices.ContainsFunc(words, func(word string) bool { return !strings.Contains(name, strings.ToLower(word)) })
}

// listed is one module as list shows it; its JSON form is part of mago's interface.
type listed struct {
	Module      string   `json:"module"`
	Package     string   `json:"package"`
	Version     string   `json:"version"`
	Kind        string   `json:"kind"`
	Installed   string   `json:"installed,omitempty"` // version of the source package, where that is installed
	Description string   `json:"description"`
	Others      []string `json:"other_packages,omitempty"`
	Units       []state  `json:"kernels,omitempty"`

	Conf *shownConf `json:"dkms_conf,omitempty"` // of opened sources
}

func (a *app) list(ctx context.Context, words []string, asJSON bool) error {
	targets, err := a.modules.targets(ctx, words)
	if err != nil {
		return err
	}
	return a.printList(ctx, targets, asJSON)
}

// withLocal adds the modules that were built here or lie in /usr/src, and that no list of apt's knows.
func (a *app) withLocal(ctx context.Context, targets []target) ([]target, error) {
	records, err := a.records()
	if err != nil {
		return nil, err
	}
	for _, r := range records {
		if slices.ContainsFunc(targets, func(t target) bool { return t.name == r.Module }) {
			continue
		}
		if t, ok := a.modules.recordedTarget(ctx, r.Module); ok {
			targets = append(targets, t)
		}
	}
	targets = append(targets, a.modules.inUsrSrc(a.catalog.index, targets)...)
	slices.SortStableFunc(targets, func(a, b target) int { return cmp.Compare(a.name, b.name) })
	return targets, nil
}

func (a *app) printList(ctx context.Context, targets []target, asJSON bool) error {
	rows, err := a.rows(ctx, targets)
	if err != nil {
		return err
	}
	if asJSON {
		return a.printJSON(rows)
	}
	var table [][]string
	for _, r := range rows {
		table = append(table, []string{r.Module, r.Package, r.Version, r.Kind, r.kernels()})
	}
	return writeColumns(a.screen.out, a.screen.out.columns(), listColumns, table)
}

func (a *app) rows(ctx context.Context, targets []target) ([]listed, error) {
	states, err := a.states.states()
	if err != nil {
		return nil, err
	}
	rows := []listed{}
	for _, t := range targets {
		rows = append(rows, a.listed(ctx, t, states))
	}
	return rows, nil
}

// listColumns give way like this: a package's name tells its kind, and show tells its version.
var listColumns = []column{
	{title: "MODULE"}, {title: "SOURCE PACKAGE", least: 20, goes: 3}, {title: "VERSION", least: 10, goes: 2}, {title: "KIND", goes: 1}, {title: "KERNELS"},
}

func (a *app) listed(ctx context.Context, t target, states []state) listed {
	row := listed{Module: t.name, Version: t.version, Kind: "local"}
	if p := t.pkg; p != nil {
		row.Package, row.Kind, row.Installed, row.Description = p.Name.String(), string(p.Kind), p.Installed.String(), p.Description
		if module, _, err := a.catalog.index.Resolve(t.name); err == nil {
			for _, other := range module.Packages {
				if other.Name != p.Name {
					row.Others = append(row.Others, other.Name.String())
				}
			}
		}
	}
	for _, s := range states {
		if s.Module == t.name {
			row.Units = append(row.Units, s)
		}
	}
	row.Conf = a.openedConf(ctx, t)
	return row
}

// openedConf is what is known of the dkms.conf of a source that is opened; nil where there is none.
func (a *app) openedConf(ctx context.Context, t target) *shownConf {
	if t.tree == nil && t.pkg != nil {
		t.tree, _ = a.modules.fetcher().Cached(*t.pkg)
	}
	if t.tree == nil || !isDKMS(t) {
		return nil
	}
	return a.keptConf(ctx, t)
}

// kernels says for which kernels a module is there, in the words of status, and whether it is not meant for the one at hand.
func (l listed) kernels() string {
	var words []string
	for _, s := range l.Units {
		if s.State != stateMissing {
			words = append(words, s.Kernel+" "+s.State)
		}
	}
	if l.Conf != nil && len(l.Conf.Modules) == 0 && len(l.Conf.Excluded) > 0 {
		words = append(words, l.Conf.Kernel+" not meant")
	}
	return cmp.Or(strings.Join(words, ", "), "-")
}

func (a *app) printJSON(v any) error {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		return err
	}
	_, err := a.screen.out.Write(visible.JSON(text.Bytes()))
	return err
}
