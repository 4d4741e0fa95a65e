package main

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"mago/catalog"
	"mago/cmd/mago/internal/modpkg"
	"mago/debpkg/visible"
	"mago/kbuild"
)

type showCommand struct {
	Modules []string `arg:"" name:"module" help:"Names, directories or tarballs."`
	jsonOption
}

// shownModule is all that show knows of a module; its JSON form is part of mago's interface.
type shownModule struct {
	listed
	Recipe   string            `json:"recipe,omitempty"`
	Source   string            `json:"source,omitempty"` // directory of the opened source
	Packages []catalog.Package `json:"packages,omitempty"`
	Builds   []record          `json:"builds,omitempty"`
}

// Run shows modules, whole.
func (c *showCommand) Run(a *app, ctx context.Context) error {
	c.apply(a)
	targets, err := a.modules.targets(ctx, c.Modules)
	if err != nil {
		return err
	}
	states, err := a.states.states()
	if err != nil {
		return err
	}
	records, err := a.records()
	if err != nil {
		return err
	}
	var all []shownModule
	for _, t := range targets {
		m := shownModule{listed: a.listed(ctx, t, states)}
		a.describeSource(ctx, t, &m)
		for _, r := range records {
			if r.Module == t.name && t.made(r) {
				m.Builds = append(m.Builds, r)
			}
		}
		all = append(all, m)
	}
	if c.JSON {
		return a.printJSON(all)
	}
	for i, m := range all {
		if i > 0 {
			fmt.Fprintln(a.screen.out)
		}
		a.printModule(m)
	}
	return nil
}

// describeSource adds what the packages and, where it is there, the opened source tell.
func (a *app) describeSource(ctx context.Context, t target, m *shownModule) {
	if t.pkg != nil {
		if module, _, err := a.catalog.index.Resolve(t.pkg.Name.String()); err == nil {
			m.Packages = module.Packages
		}
		if tree, ok := a.modules.fetcher().Cached(*t.pkg); ok {
			t.tree = tree
		}
	}
	if t.tree == nil {
		return
	}
	m.Source = t.tree.Dir
	m.Recipe, _ = kbuild.RecipeFile(t.source()) // a source that cannot be read shows none
}

func (a *app) printModule(m shownModule) {
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
	field("Source", cmp.Or(m.Source, "not fetched"))
	field("Recipe", m.Recipe)
	if a.kernels.limited() {
		m.Conf.printKernel(field)
	}
	m.Conf.print(field)
	for _, r := range m.Builds {
		a.printBuild(r, field)
	}
	installed := a.packagesOf(m)
	for _, name := range installed {
		field("Installed", name+" "+a.pkgs.packageVersion(name))
	}
	if len(installed) > 0 {
		command("To remove", a.place().apt("remove", installed...))
	} else {
		command("To install", a.place().sudoMago("auto-install", m.Module))
	}
}

// valueIndent is where the values of show's fields begin.
const valueIndent = 13

// packagesOf are the installed packages of a module.
func (a *app) packagesOf(m shownModule) (names []string) {
	for _, u := range m.Units {
		if u.Installed != "" {
			names = append(names, modpkg.Name(u.Module, u.Kernel))
		}
	}
	if common := modpkg.CommonName(m.Module); len(names) > 0 && a.pkgs.packageVersion(common) != "" {
		names = append(names, common)
	}
	return names
}

func (a *app) printBuild(r record, field func(name, value string)) {
	field("Build", fmt.Sprintf("%s, %s %s, %.1f s, as %s", r.Kernel, r.Result, r.Started.Format("2006-01-02 15:04"), r.Seconds, r.Room))
	field("  Version", r.Version)
	field("  Files", strings.Join(r.Modules, ", "))
	field("  Package", r.Deb)
	field("  SBOM", r.SBOM)
	if r.Result == resultExclude {
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
