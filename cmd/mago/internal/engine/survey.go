package engine

import (
	"maps"
	"slices"

	"mago/cmd/mago/internal/store"
	"mago/debpkg"
	"mago/kbuild/kernel"
)

// survey is what the states of all units are made of, read once.
type survey struct {
	modules []string // built or installed
	kernels []string // on the machine, or built or installed for

	built, failed  map[store.ID]*store.Record
	first          map[string]*store.Record // a module's first record
	newest         map[string]*store.Record // that of the newest source whose modules were installed
	installed      map[string]bool          // modules installed for any kernel, so that others want them too
	stays          map[string]bool          // modules installed for a kernel that is not gone
	removed        map[string]bool          // packages that dpkg has removed and not purged
	removedKernels map[string]bool          // whose images are among them
	here, wanting  map[string]bool          // kernels on the machine, and those of them that want its modules
	running        string
}

// survey is made of those records, and of what is installed of the modules that are named, or of all of them where none is.
func (sv *surveyor) survey(records []store.Record, only ...string) (survey, error) {
	packages, err := sv.pkgs.installedPackages()
	if err != nil {
		return survey{}, err
	}
	status, err := sv.pkgs.installed()
	if err != nil {
		return survey{}, err
	}
	f := sv.kernels.finder()
	installed, headers := f.Installed(), f.WithHeaders()
	s := survey{removed: setOf(status.Removed()), removedKernels: map[string]bool{}, running: sv.kernels.running(), here: setOf(slices.Concat(installed, headers)), wanting: setOf(installed)}
	for _, name := range status.Removed() {
		s.removedKernels[imageRelease(name)] = true
	}
	if len(installed) == 0 { // a container, or a machine that only builds
		s.wanting = setOf(headers)
	}
	s.addRecords(records)
	modules, kernels := setOf(slices.Collect(maps.Keys(s.first))), maps.Clone(s.here)
	for _, r := range records {
		kernels[r.Kernel] = true
	}
	s.installed, s.stays = map[string]bool{}, map[string]bool{}
	for _, p := range packages {
		if len(only) > 0 && !slices.Contains(only, p.module) {
			continue
		}
		modules[p.module], kernels[p.release], s.installed[p.module] = true, true, true
		s.stays[p.module] = s.stays[p.module] || !s.gone(p.release)
	}
	s.modules, s.kernels = slices.Sorted(maps.Keys(modules)), kernel.SortReleases(slices.Collect(maps.Keys(kernels)))
	return s, nil
}

func (s *survey) addRecords(records []store.Record) {
	s.built, s.failed = map[store.ID]*store.Record{}, map[store.ID]*store.Record{}
	s.first, s.newest = map[string]*store.Record{}, map[string]*store.Record{}
	for i := range records {
		r := &records[i]
		if s.first[r.Module] == nil {
			s.first[r.Module] = r
		}
		if have := s.newest[r.Module]; r.Current != "" && (have == nil || debpkg.CompareVersions(r.Source.Version, have.Source.Version) > 0) {
			s.newest[r.Module] = r
		}
		if r.Result == store.Built {
			s.built[r.ID()] = r
		} else {
			s.failed[r.ID()] = r
		}
	}
}

func setOf(words []string) map[string]bool {
	set := make(map[string]bool, len(words))
	for _, word := range words {
		set[word] = true
	}
	return set
}

// gone reports whether a kernel is on the machine no more, whose image may have left its headers behind.
func (s survey) gone(release string) bool {
	removed := s.removedKernels[release] && !s.wanting[release]
	return release != s.running && (removed || !s.here[release])
}
