package engine

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"mago/cmd/mago/internal/modpkg"
	"mago/cmd/mago/internal/store"
	"mago/debpkg"
	"mago/debpkg/apt"
	"mago/debpkg/payload"
	"mago/debpkg/rooted"
	"mago/sources"
)

// isVouched reports whether an archive vouches for all that a record's source brings.
func isVouched(s store.Source) bool {
	local := s.Origin == string(sources.Directory) || s.Origin == string(sources.Tarball)
	return !local && !s.Unauthenticated && !s.Edited
}

// vouched is the same of a unit that is built; a source that lies as it was opened is as good as that.
func (u unit) vouched(ctx context.Context) bool {
	return u.pkg != nil && !u.unauthenticated() && (!u.edited || u.tree.Origin == sources.Archive && u.tree.Check(ctx) == nil)
}

// arrival is what is about to be installed, and the policy that it comes under.
type arrival struct {
	payload.Policy
	packages []payload.Package
	debs     []string
}

// arrive applies the policy to .debs as they will be installed: their record may be older than it.
func (it *installer) arrive(built store.Record, debs []string) (*arrival, error) {
	ar := &arrival{debs: debs, Policy: payload.Policy{Module: modpkg.OwnName(built.Module), Local: !isVouched(built.Source), Allow: it.Allow}}
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
	return ar, it.compare(ar)
}

// compare looks for what is in its way on the system.
func (it *installer) compare(ar *arrival) error {
	status, err := apt.ReadStatus(rooted.Root(it.Root))
	if err != nil {
		return err
	}
	return payload.System{Root: it.Root, Broken: status.Broken(), Matching: status.Matching}.Check(ar.Policy, ar.packages...)
}

// announce lists, before anything of it is installed, what a source brings that no archive vouches for.
func (it *installer) announce(built store.Record, ar *arrival) error {
	if !ar.Local {
		return nil
	}
	brought := map[payload.Kind][]string{}
	for _, p := range ar.packages {
		for _, e := range p.Entries {
			if kind, _ := ar.Kind(e); !e.Mode.IsDir() && !modpkg.IsOwn(p.Name, e.Path) {
				brought[kind] = append(brought[kind], e.Path)
			}
		}
	}
	if hidden := it.hidden(built); len(hidden) > 0 {
		it.say.note("brings", "modules that replace the kernel's own: %s", fewOf(hidden, "modinfo -k "+built.Kernel))
	}
	for _, kind := range payload.Kinds {
		if paths := brought[kind]; len(paths) > 0 && kind != payload.Module && kind != payload.Document {
			it.say.note("brings", "%s: %s", kind, fewOf(paths, "dpkg-deb -c "+strings.Join(ar.debs, " ")))
		}
	}
	return it.announceControl(ar)
}

// hidden names the modules of the kernel itself that a build's would be loaded instead of, by depmod's list.
func (it *installer) hidden(built store.Record) []string {
	list, _ := os.ReadFile(filepath.Join(it.Root, "lib/modules", built.Kernel, "modules.dep")) // there is none where the kernel is not installed
	var files []string
	for line := range strings.Lines(string(list)) {
		if file, _, ok := strings.Cut(line, ":"); ok && strings.HasPrefix(file, "kernel/") {
			files = append(files, file)
		}
	}
	own := modpkg.Modules(files)
	return slices.DeleteFunc(modpkg.Modules(built.Modules), func(name string) bool { return !slices.Contains(own, name) })
}

// announceControl lists the scripts that root will run, and what apt may be asked for.
func (it *installer) announceControl(ar *arrival) error {
	var hooks, needs []string
	for _, deb := range ar.debs {
		r, err := debpkg.Open(deb)
		if err != nil {
			return err
		}
		r.Close()
		hooks = append(hooks, modpkg.HooksIn(r)...)
		for _, field := range []string{"Pre-Depends", "Depends"} {
			needs = append(needs, modpkg.Keep(r.Control().Get(field), func(name string) bool { return name != modpkg.CommonName(ar.Module) }))
		}
	}
	if len(hooks) > 0 {
		it.say.note("brings", "scripts of the source, which root runs: %s", strings.Join(hooks, ", "))
	}
	if needs := modpkg.Join(needs...); needs != "" {
		it.say.note("needs", "%s", fewOf(strings.Split(needs, ", "), "dpkg-deb -f "+strings.Join(ar.debs, " ")))
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

// AllowHint says what can be done about a path that a module's package may not bring. It names no pattern to paste: who
// allows something is to know what it is for.
func AllowHint(e *payload.RefusedError) string {
	if e.Allowable() == nil {
		return "no option allows that: the source has to be changed"
	}
	return "modules have no files there, and other programs may run them; if you know what they are for, --allow-file GLOB allows them (mago(8))"
}
