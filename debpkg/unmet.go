package debpkg

// Unmet lists the relations of a Depends or Pre-Depends value that no installed package satisfies, as they are
// written there. The value is that of a package of the machine's own architecture (or all).
func (s *Status) Unmet(depends string) ([]string, error) {
	relations, err := parseRelations(depends)
	if err != nil {
		return nil, err
	}
	var unmet []string
	for _, r := range relations {
		if !s.satisfies(r) {
			unmet = append(unmet, r.text)
		}
	}
	return unmet, nil
}

func (s *Status) satisfies(r relation) bool {
	for _, a := range r.alternatives {
		if s.has(a) {
			return true
		}
	}
	return false
}

// has: a package by its name and version, or one that provides it (Policy 7.5: in a version, if one is asked for).
func (s *Status) has(a alternative) bool {
	for _, i := range s.byName[a.name] {
		if p := s.packages[i]; a.accepts(p.Version) && s.fits(p, a.qualifier) {
			return true
		}
	}
	for _, provision := range s.provided[a.name] {
		if a.accepts(provision.version) && s.fits(s.packages[provision.by], a.qualifier) {
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
