package apt

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"pault.ag/go/debian/version"

	"mago/debpkg/control"
	"mago/debpkg/relation"
	"mago/debpkg/word"
)

// lacking is what keeps dpkg alone from installing packages.
type lacking struct {
	unmet   []*UnmetError
	clashes []Clash
	coming  []arriving
}

func (l *lacking) any() bool { return len(l.unmet)+len(l.clashes) > 0 }

func (s *Status) lacking(coming []arriving) (*lacking, error) {
	var debs []control.Paragraph
	for _, a := range coming {
		debs = append(debs, a.Paragraph)
	}
	unmet, err := s.With(debs...).unmetOf(debs)
	if err != nil {
		return nil, err
	}
	return &lacking{unmet: unmet, clashes: s.clashes(debs), coming: coming}, nil
}

// unmetOf lists what each package still needs.
func (s *Status) unmetOf(debs []control.Paragraph) ([]*UnmetError, error) {
	var all []*UnmetError
	for _, deb := range debs {
		u := &UnmetError{Package: deb.Get("Package")}
		for _, field := range []string{"Pre-Depends", "Depends"} {
			relations, err := s.Unmet(deb.Get(field))
			if err != nil {
				return nil, fmt.Errorf("install %s: %s: %w", u.Package, field, err)
			}
			u.Relations = append(u.Relations, relations...)
		}
		if len(u.Relations) > 0 {
			all = append(all, u)
		}
	}
	return all, nil
}

// howToInstall has apt-get do with .debs what dpkg does: it takes one in the place of the same version, or of a newer one.
func howToInstall(status *Status, coming []arriving, paths []string) InstallOptions {
	how := InstallOptions{Debs: paths}
	for _, a := range coming {
		have, ok := status.Installed(a.name())
		if !ok {
			continue
		}
		comes, _ := version.Parse(a.Get("Version")) // Open has checked it
		has, _ := version.Parse(have.Version)
		order := version.Compare(has, comes)
		how.Again, how.Downgrade = how.Again || order == 0, how.Downgrade || order > 0
	}
	return how
}

// resolve asks apt-get whether it can, without dkms and without removing anything; else the error says why not.
func (in *Installer) resolve(ctx context.Context, how InstallOptions, l *lacking) (InstallOptions, error) {
	how, would, err := in.withoutDKMS(ctx, how, nil)
	if err == nil && in.Brings != nil {
		in.Brings(would.beside(l.coming))
	}
	if refused := (*ToolError)(nil); err == nil || !errors.As(err, &refused) || refused.ExitCode < 0 {
		return how, err
	}
	if hindered := (*HinderedError)(nil); errors.As(in.hindered(err), &hindered) && len(hindered.Unmet) > 0 {
		return how, hindered // until that is mended apt refuses whatever it is asked for
	}
	for _, u := range l.unmet {
		hopeless, err := in.hopeless(ctx, u)
		if err != nil {
			return how, err
		}
		if len(hopeless) > 0 {
			return how, &UnmetError{u.Package, hopeless}
		}
	}
	if len(l.clashes) > 0 {
		return how, &ConflictError{l.clashes}
	}
	return how, err
}

// hopeless are the relations of which apt says that it can install no alternative.
func (in *Installer) hopeless(ctx context.Context, unmet *UnmetError) (none []string, err error) {
	relations, err := relation.Parse(strings.Join(unmet.Relations, ", "))
	if err != nil {
		return nil, err
	}
	for _, r := range relations {
		ok, err := in.available(ctx, r)
		if err != nil {
			return nil, err
		}
		if !ok {
			none = append(none, r.Text)
		}
	}
	return none, nil
}

// available is not ok where apt can install none of the alternatives in a version that fits.
func (in *Installer) available(ctx context.Context, r relation.Relation) (ok bool, err error) {
	for _, a := range r.Alternatives {
		target, err := targetOf(a)
		if err != nil {
			continue // dpkg reads more names than any archive has
		}
		would, err := in.Simulate(ctx, InstallOptions{Need: true}, []word.Target{target})
		if refused := (*ToolError)(nil); errors.As(err, &refused) && refused.ExitCode >= 0 {
			continue
		}
		if err != nil {
			return false, err
		}
		if would.fits(a) {
			return true, nil
		}
	}
	return false, nil
}

// fits is true also where the name is one that others provide.
func (t Transaction) fits(a relation.Alternative) bool {
	for _, c := range slices.Concat(t.Install, t.Upgrade) {
		if c.Package.Name.String() == a.Name {
			return a.Accepts(c.New.String())
		}
	}
	return true
}

// beside are the packages that come with those of the .debs.
func (t Transaction) beside(coming []arriving) []Change {
	return slices.DeleteFunc(slices.Concat(t.Install, t.Upgrade), func(c Change) bool {
		return slices.ContainsFunc(coming, func(a arriving) bool { return a.name() == c.Package.Name.String() })
	})
}
