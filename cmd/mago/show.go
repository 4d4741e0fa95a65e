package main

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"mago/catalog"
	"mago/cmd/mago/internal/config"
	"mago/cmd/mago/internal/engine"
	"mago/cmd/mago/internal/modpkg"
	"mago/cmd/mago/internal/store"
	"mago/debpkg/visible"
)

type showCommand struct {
	Modules []string `arg:"" name:"module" help:"Names, directories or tarballs."`
	jsonOption
}

// Run shows modules, whole.
func (c *showCommand) Run(a *app, ctx context.Context) error {
	c.apply(a)
	all, err := a.Show(ctx, c.Modules)
	if err != nil {
		return err
	}
	if c.JSON {
		shown := []shownJSON{}
		for _, m := range all {
			shown = append(shown, shownJSON{m, a.config.Own(m.Module)})
		}
		return a.printJSON(shown)
	}
	for i, m := range all {
		if i > 0 {
			fmt.Fprintln(a.screen.out)
		}
		a.printModule(m)
	}
	return nil
}

// shownJSON is a module as --json has it; its form is part of mago's interface.
type shownJSON struct {
	engine.ShownModule
	Configured []config.Setting `json:"configured,omitempty"` // by the module's own files
}

func (a *app) printModule(m engine.ShownModule) {
	field := func(name, value string) {
		if value != "" {
			fmt.Fprintln(a.screen.out, a.screen.out.wrapped(fmt.Sprintf("%-12s %s", name+":", visible.Folded(value)), valueIndent))
		}
	}
	command := func(name, line string) { fmt.Fprintf(a.screen.out, "%-12s %s\n", name+":", line) } // to be pasted whole
	field("Module", m.Module)
	field("Description", m.Description)
	for _, p := range m.Packages {
		candidate := cmp.Or(p.Version.String(), "none")
		field("Package", fmt.Sprintf("%s, candidate %s, %s%s", p.Name, candidate, p.Kind, packageNote(p)))
		field("Depends", modpkg.Running(modpkg.Join(p.PreDepends, p.Depends)))
		field("Build needs", modpkg.BuildNeeds(m.Module, modpkg.Join(p.PreDepends, p.Depends)))
		field("Recommends", modpkg.Running(p.Recommends))
		field("Provides", p.Provides)
	}
	if len(m.Packages) == 0 {
		field("Version", m.Version)
	}
	for _, s := range a.config.Own(m.Module) {
		field("Configured", fmt.Sprintf("%s: %s (%s)", s.Field, s.Value, s))
	}
	field("Lacking", m.Lacking)
	field("Source", cmp.Or(m.Source, "not fetched"))
	field("Recipe", m.Recipe)
	if a.Limited() || m.Conf != nil && m.Conf.Other {
		printConfKernel(m.Conf, field)
	}
	printConf(m.Conf, field)
	for _, r := range m.Builds {
		a.printBuild(r, field)
	}
	installed, remove := a.Removal(m)
	for _, p := range installed {
		field("Installed", p)
	}
	switch {
	case remove != "":
		command("To remove", remove)
	case m.Held == "" && m.Lacking == "":
		command("To install", a.Installation(m.Module))
	}
}

// valueIndent is where the values of show's fields begin.
const valueIndent = 13

func (a *app) printBuild(r store.Record, field func(name, value string)) {
	field("Build", fmt.Sprintf("%s, %s %s, %.1f s, as %s", r.Kernel, r.Result, r.Started.Format("2006-01-02 15:04"), r.Seconds, r.Sandbox))
	field("  Version", r.Version)
	if r.Reused != nil {
		field("  Modules", fmt.Sprintf("built for %s; all %s are the same", r.Reused.Kernel, engine.Plural(r.Reused.Symbols, "symbol CRC")))
	}
	if r.Signed != nil {
		field("  Signed", "with "+r.Signed.Name)
	}
	field("  Files", strings.Join(r.Modules, ", "))
	field("  Package", r.Deb)
	field("  SBOM", r.SBOM)
	if r.Result == store.Excluded {
		field("  Reason", r.Error)
	} else {
		field("  Error", r.Error)
	}
	field("  Log", r.Log)
}

func packageNote(p catalog.Package) (note string) {
	if p.Unauthenticated {
		note = ", without a checked signature"
	}
	if !p.Installed.IsZero() {
		note += ", installed " + p.Installed.String()
	}
	return note
}
