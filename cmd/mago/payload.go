package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"mago/debpkg"
	"mago/debpkg/payload"
	"mago/kbuild"
	"mago/sources"
)

// globs reads the patterns of --allow-file.
func globs(texts []string) (all []payload.Glob, err error) {
	for _, text := range texts {
		glob, err := payload.ParseGlob(text)
		if err != nil {
			return nil, &usageError{fmt.Errorf("--allow-file: %w", err)}
		}
		all = append(all, glob)
	}
	return all, nil
}

// payloadName is what a module's own directories are called.
func payloadName(module string) string {
	return strings.TrimSuffix(commonName(module), "-modules-common")
}

// isVouched reports whether an archive vouches for all that a record's source brings.
func (s recordSource) isVouched() bool {
	local := s.Origin == string(sources.Directory) || s.Origin == string(sources.Tarball)
	return !local && !s.Unauthenticated && !s.Edited
}

// vouched is the same of a unit that is built; a source that lies as it was opened is as good as that.
func (u unit) vouched(ctx context.Context) bool {
	return u.pkg != nil && !u.unauthenticated() && (!u.edited || u.tree.Origin == sources.Archive && u.tree.Check(ctx) == nil)
}

// grants applies the policy to a build's packages; common are the files of that for every kernel.
func (a *app) grants(ctx context.Context, u unit, pkg *debpkg.Package, common []debpkg.File) ([]payload.Grant, error) {
	policy := payload.Policy{Module: payloadName(u.name), Local: !u.vouched(ctx), Allow: a.allow}
	if !policy.Local {
		policy.Vouched = u.tree.Runtime.Paths
	}
	modules, err := payload.Of(u.packageName(), pkg.Files, pkg.Conffiles)
	if err != nil {
		return nil, err
	}
	shared, err := payload.Of(commonName(u.name), common, conffiles(common))
	if err != nil {
		return nil, err
	}
	return policy.Check(modules, shared)
}

// arrival is what is about to be installed, and the policy that it comes under.
type arrival struct {
	payload.Policy
	packages []payload.Package
	debs     []string
}

// arrive applies the policy to .debs as they will be installed: their record may be older than it.
func (a *app) arrive(built record, debs []string) (*arrival, error) {
	ar := &arrival{debs: debs, Policy: payload.Policy{Module: payloadName(built.Module), Local: !built.Source.isVouched(), Allow: a.allow}}
	for _, grant := range built.Allowed {
		if grant.By == payload.Archive {
			ar.Vouched = append(ar.Vouched, grant.Path)
		}
	}
	for _, deb := range debs {
		p, err := payload.Read(deb)
		if err != nil {
			return nil, err
		}
		ar.packages = append(ar.packages, p)
	}
	if _, err := ar.Check(ar.packages...); err != nil {
		return nil, err
	}
	return ar, a.compare(ar)
}

// compare looks for what is in its way on the system.
func (a *app) compare(ar *arrival) error {
	status, err := debpkg.ReadStatus(a.Root)
	if err != nil {
		return err
	}
	return payload.System{Root: a.Root, Broken: status.Broken(), Matching: status.Matching}.Check(ar.Policy, ar.packages...)
}

// announce lists, before anything of it is installed, what a source brings that no archive vouches for.
func (a *app) announce(built record, ar *arrival) error {
	if !ar.Local {
		return nil
	}
	brought := map[payload.Kind][]string{}
	for _, p := range ar.packages {
		for _, e := range p.Entries {
			if kind, _ := ar.Kind(e); !e.Mode.IsDir() && !isMagos(p.Name, e.Path) {
				brought[kind] = append(brought[kind], e.Path)
			}
		}
	}
	if hidden := a.hidden(built); len(hidden) > 0 {
		a.say.note("brings", "modules in the place of the kernel's own: %s", fewOf(hidden, "modinfo -k "+built.Kernel))
	}
	for _, kind := range payload.Kinds {
		if paths := brought[kind]; len(paths) > 0 && kind != payload.Module && kind != payload.Document {
			a.say.note("brings", "%s: %s", kind, fewOf(paths, "dpkg-deb -c "+strings.Join(ar.debs, " ")))
		}
	}
	return a.announceControl(ar)
}

// hidden names the modules of the kernel itself that a build's would be loaded instead of, by depmod's list.
func (a *app) hidden(built record) (names []string) {
	list, _ := os.ReadFile(filepath.Join(a.Root, "lib/modules", built.Kernel, "modules.dep")) // there is none where the kernel is not installed
	own := map[string]bool{}
	for line := range strings.Lines(string(list)) {
		if file, _, ok := strings.Cut(line, ":"); ok && strings.HasPrefix(file, "kernel/") {
			own[moduleOf(file)] = true
		}
	}
	for _, file := range built.Modules {
		if name := moduleOf(file); own[name] {
			names = append(names, name)
		}
	}
	return names
}

// moduleOf is what modprobe calls the module in a file.
func moduleOf(file string) string {
	name, _, _ := strings.Cut(filepath.Base(file), ".ko")
	return strings.ReplaceAll(name, "-", "_")
}

// isMagos tells the files that mago itself puts into every package.
func isMagos(pkg, path string) bool { return strings.HasSuffix(path, "/depmod.d/"+pkg+".conf") }

// announceControl lists the scripts that root will run, and what apt may be asked for.
func (a *app) announceControl(ar *arrival) error {
	var hooks, needs []string
	for _, deb := range ar.debs {
		r, err := debpkg.Open(deb)
		if err != nil {
			return err
		}
		r.Close()
		hooks = append(hooks, hooksIn(r)...)
		for _, field := range []string{"Pre-Depends", "Depends"} {
			needs = append(needs, keep(r.Control().Get(field), func(name string) bool { return name != commonName(ar.Module) }))
		}
	}
	if len(hooks) > 0 {
		a.say.note("brings", "scripts of the source, which root runs: %s", strings.Join(hooks, ", "))
	}
	if needs := join(needs...); needs != "" {
		a.say.note("needs", "%s", fewOf(strings.Split(needs, ", "), "dpkg-deb -f "+strings.Join(ar.debs, " ")))
	}
	return nil
}

// fewOf names as many things as somebody will read, and what shows all of them.
func fewOf(names []string, all string) string {
	const most = 20
	if more := len(names) - most; more > 0 {
		return fmt.Sprintf("%s and %d more (%s shows them)", strings.Join(names[:most], ", "), more, all)
	}
	return strings.Join(names, ", ")
}

// kin tells the names of packages that a source that nobody vouches for may speak of: its module's own, as long as no
// other package on the system has that name.
func (a *app) kin(u unit) func(name string) bool {
	return func(name string) bool {
		name = strings.ToLower(name)
		return u.isOwn(name) && (strings.HasPrefix(name, payloadName(u.name)+"-modules-") || a.packageVersion(name) == "")
	}
}

// isOwn reports whether a package is called after the module.
func (t target) isOwn(pkg string) bool {
	own := payloadName(t.name)
	return pkg == own || strings.HasPrefix(pkg, own+"-")
}

// kinOnly drops from the relations of a package that a debian/rules made what a source that nobody vouches for has no
// business with; dropped says what that was.
func (a *app) kinOnly(u unit, from *kbuild.RulesPackage) (kept *kbuild.RulesPackage, dropped []string) {
	if from == nil {
		return nil, nil
	}
	kin := a.kin(u)
	kept = &kbuild.RulesPackage{Control: map[string]string{}, Files: from.Files}
	for field, value := range from.Control {
		kept.Control[field] = value
		if !slices.Contains(ofOthers, field) {
			continue
		}
		kept.Control[field] = keep(value, kin)
		foreign := keep(value, func(name string) bool { return !kin(name) })
		if field == "Package" && foreign != "" {
			kept.Control[field] = u.packageName() // which is not provided
		} else if foreign != "" {
			dropped = append(dropped, field+": "+foreign)
		}
	}
	slices.Sort(dropped)
	return kept, dropped
}

// ofOthers are the fields by which a package takes something from others, or stands for them.
var ofOthers = []string{"Package", "Provides", "Conflicts", "Breaks", "Replaces", "Enhances"}

// allowHint says what can be done about a path that a module's package may not bring. It names no pattern to paste: who
// allows something is to know what it is for.
func allowHint(e *payload.RefusedError) string {
	if e.Allowable() == nil {
		return "nobody can allow that: the source has to be mended"
	}
	return "a module has no files there, and others may come to run them; where you know what they are for, --allow-file GLOB allows them (mago(8))"
}
