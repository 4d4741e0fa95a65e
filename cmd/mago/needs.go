package main

import (
	"context"
	"regexp"
	"strings"

	"mago/catalog"
	"mago/kbuild"
)

// needsOf lists, as a Depends field, what has to be installed for a module to be compiled. A debian/rules has needs of
// its own, which are known once its source is there.
func (a *app) needsOf(t target) (string, error) {
	depends, needs := "", ""
	if t.pkg != nil {
		depends, needs = t.pkg.Depends, buildNeeds(t.pkg.Depends)
	}
	if t.tree == nil {
		return needs, nil
	}
	recipe, err := kbuild.RecipeFile(t.tree.Dir)
	if err != nil || recipe != "debian/rules" {
		return needs, err
	}
	return a.rulesNeeds(t, depends)
}

// rulesNeeds adds what the source declares and what following a debian/rules takes.
func (a *app) rulesNeeds(t target, depends string) (string, error) {
	arch, err := a.architecture()
	if err != nil {
		return "", err
	}
	declared, err := t.tree.BuildDepends(arch)
	if err != nil {
		return "", err
	}
	own, err := kbuild.RulesNeeds(t.tree.Dir)
	if err != nil {
		return "", err
	}
	wanted := func(name string) bool { return !elsewhere.MatchString(name) || strings.HasPrefix(name, "dh-") }
	return keep(join(depends, declared, strings.Join(own, ", ")), wanted), nil
}

// elsewhere matches what a debian/rules needs where mago does not do that itself: another builder, the kernel's headers.
var elsewhere = regexp.MustCompile(`^(?:dkms|.*-dkms|module-assistant|kernel-package|kbuild|linux-(?:headers|image|kbuild)-.*)$`)

// openForNeeds brings the sources that themselves tell what compiling them needs. One that cannot be had is met again
// when its turn comes, if the run goes on after failures.
func (a *app) openForNeeds(ctx context.Context, targets []target) error {
	for i := range targets {
		t := &targets[i]
		if err := a.openForNeeds(ctx, t.needed); err != nil {
			return err
		}
		if t.tree != nil || t.pkg == nil || t.pkg.Kind != catalog.ModuleAssistant {
			continue
		}
		if err := a.get(ctx, t); err != nil && (!a.NonInter || len(targets) == 1) {
			return err
		}
	}
	return nil
}

// word is what names this very target on a command line: a module's name means its -dkms package.
func (t target) word() string {
	if t.pkg != nil && t.pkg.Kind == catalog.ModuleAssistant {
		return t.pkg.Name
	}
	return t.name
}
