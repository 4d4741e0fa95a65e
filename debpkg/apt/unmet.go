package apt

import "mago/debpkg/relation"

// Unmet lists the relations of a Depends or Pre-Depends value that no installed package satisfies, as they are
// written there. The value is that of a package of the machine's own architecture (or all).
func (s *Status) Unmet(depends string) ([]string, error) {
	relations, err := relation.Parse(depends)
	if err != nil {
		return nil, err
	}
	var unmet []string
	for _, r := range relations {
		if !s.satisfies(r) {
			unmet = append(unmet, r.Text)
		}
	}
	return unmet, nil
}

func (s *Status) satisfies(r relation.Relation) bool {
	for _, a := range r.Alternatives {
		if s.has(a) {
			return true
		}
	}
	return false
}

// has: a package by its name and version, or one that provides it (Policy 7.5: in a version, if one is asked for).
func (s *Status) has(a relation.Alternative) bool {
	for _, i := range s.byName[a.Name] {
		if p := s.packages[i]; a.Accepts(p.Version) && s.fits(p, a.Qualifier) {
			return true
		}
	}
	for _, provision := range s.provided[a.Name] {
		if a.Accepts(provision.version) && s.fits(s.packages[provision.by], a.Qualifier) {
			return true
		}
	}
	return false
}

// fits applies dpkg's rule for architectures: a plain name asks for the own architecture or a Multi-Arch: foreign
// package, ":any" for a Multi-Arch: allowed one, any other qualifier for that architecture.
func (s *Status) fits(p Installed, qualifier string) bool {
	arch := p.Architecture
	if arch == "all" {
		arch = s.native
	}
	switch qualifier {
	case "":
		return arch == s.native || p.MultiArch == "foreign"
	case "any":
		return p.MultiArch == "allowed"
	case "native":
		return arch == s.native
	}
	return arch == qualifier
}
