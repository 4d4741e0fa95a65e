package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"mago/cmd/mago/internal/engine"
	"mago/debpkg/visible"
)

type listCommand struct {
	Modules []string `arg:"" optional:"" name:"module" help:"Names, all, alli (installed), allu (opened); all by default, and what was built here."`
	jsonOption
}

// Run lists modules.
func (c *listCommand) Run(a *app, ctx context.Context) error {
	c.apply(a)
	return a.list(ctx, c.Modules, c.JSON)
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
	found, err := a.Search(ctx, c.Text)
	if err != nil {
		return err
	}
	if found.Partly != nil {
		complain(a.stderr, "mago: "+engine.OneLine(found.Partly))
	}
	if c.JSON {
		return a.printJSON(found.Modules)
	}
	defer a.tellUnlisted(c.Text, found)
	if len(found.Modules) == 0 {
		return nil
	}
	var table [][]string
	for _, r := range found.Modules {
		table = append(table, []string{r.Module, r.Package, r.Version, r.Description})
	}
	return writeColumns(a.screen.out, a.screen.out.columns(), searchColumns, table)
}

// tellUnlisted says what Debian has under such names that apt's sources leave out, or else that nothing was found.
func (a *app) tellUnlisted(words []string, found engine.SearchResult) {
	var more []string
	for _, e := range found.Unlisted {
		more = append(more, fmt.Sprintf("%s (%s)", e.Source.Package, e.Place.Component))
	}
	switch {
	case len(more) > 0:
		complain(a.stderr, "mago: apt's sources leave out "+strings.Join(more, ", "))
		complain(a.stderr, "mago: hint: "+(adviser{engine.SystemOf(a.Engine)}).leftOutHint(found.Unlisted...))
	case len(found.Modules) == 0:
		complain(a.stderr, "mago: no module source in apt's lists has "+visible.Line(strings.Join(words, " and "))+" in its name or description")
	}
}

// searchColumns give way as listColumns do.
var searchColumns = []column{{title: "MODULE"}, {title: "SOURCE PACKAGE", least: 20, goes: 2}, {title: "VERSION", least: 10, goes: 1}, {title: "DESCRIPTION", least: 28}}

func (a *app) list(ctx context.Context, words []string, asJSON bool) error {
	rows, err := a.List(ctx, words)
	if err != nil {
		return err
	}
	if asJSON {
		return a.printJSON(rows)
	}
	var table [][]string
	for _, r := range rows {
		table = append(table, []string{r.Module, r.Package, r.Version, r.Kind, kernelsColumn(r)})
	}
	return writeColumns(a.screen.out, a.screen.out.columns(), listColumns, table)
}

// listColumns give way like this: a package's name tells its kind, and show tells its version.
var listColumns = []column{
	{title: "MODULE"}, {title: "SOURCE PACKAGE", least: 20, goes: 3}, {title: "VERSION", least: 10, goes: 2}, {title: "KIND", goes: 1}, {title: "KERNELS"},
}

// kernelsColumn says for which kernels a module is there, in the words of status, and whether it is not meant for the one at hand.
func kernelsColumn(l engine.Listed) string {
	var words []string
	for _, s := range l.Units {
		if s.State != engine.StateMissing {
			words = append(words, s.Kernel+" "+s.State)
		}
	}
	if l.Held != "" {
		words = append(words, "held")
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
