package kbuild

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"mago/kbuild/sandbox"
)

// Needed is a module that was built before for the same kernel, and that another one is compiled against: what dkms
// calls BUILD_DEPENDS.
type Needed struct {
	Module        string // as the caller calls it
	Name, Version string // as its own recipe has them; "": as its source's directory is called
	Source        Source // its Dir and Open alone count
	Modules       string // host path of a directory that holds its finished modules and, where it exports symbols, its Module.symvers
}

// symversFile is what modpost lists exported symbols in, in the headers and in every directory it is run for.
const symversFile = "Module.symvers"

// usrSrc is where dkms has its sources, and where recipes look for others'.
const usrSrc = "/usr/src"

// showSource shows a source at /usr/src/<name>-<version>, the place that dkms builds from. It is a copy: some recipes write
// to their own, and the build user need not be able to read the original.
func (s *steps) showSource(source Source, name, version string, writable bool) error {
	if s.Sandbox.Kind != sandbox.Bubblewrap {
		return nil
	}
	dir := filepath.Join(name, version, "source")
	s.mounts = append(s.mounts, sandbox.Mount{Host: filepath.Join(s.tree, dir), Path: filepath.Join(usrSrc, name+"-"+version), Writable: writable})
	if err := s.work.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		return err
	}
	if err := s.copyTree(source, dir); err != nil {
		return fmt.Errorf("copy the source of %s: %w", name, err)
	}
	return nil
}

// checkMounts wants what is shown at other paths to lie in the foreign tree still. An earlier step may have put a link to
// something of the host in its way, which bubblewrap would follow; no foreign program runs meanwhile.
func (s *steps) checkMounts() error {
	tree, err := filepath.EvalSymlinks(s.tree)
	if err != nil {
		return err
	}
	for _, m := range s.mounts {
		real, err := filepath.EvalSymlinks(m.Host)
		if below, ok := strings.CutPrefix(m.Host, s.tree); err != nil || !ok || real != tree+below {
			return &RecipeError{"source", fmt.Errorf("an earlier step has moved, or replaced by a link, what builds see at %s", m.Path)}
		}
	}
	return nil
}

// installed is where the needed modules lie, below the foreign tree; no PACKAGE_NAME begins like this.
const installed = "_installed"

// placeNeeded puts the modules that this one needs where dkms has them: their sources below /usr/src, the modules below
// the kernel's updates/dkms, and both with their Module.symvers in dkms's own tree. Sandboxes that cannot show directories
// at other places have the last only. make's lists of files could not hold an epoch's colon.
func (s *steps) placeNeeded() error {
	for _, n := range s.job.Needed {
		if n.Name == "" {
			n.Name, n.Version = splitDir(n.Source.Dir)
			n.Version = cmp.Or(n.Version, "0")
		}
		dir := filepath.Join(directoryName(n.Name), directoryName(n.Version), s.job.Kernel.Release, s.job.Kernel.Arch, "module")
		for _, to := range []string{dir, installed} {
			if err := s.copyFiles(n.Modules, to); err != nil {
				return fmt.Errorf("copy the modules of %s: %w", n.Name, err)
			}
		}
		if _, err := s.work.Stat(filepath.Join(dir, symversFile)); err == nil {
			s.symvers = append(s.symvers, s.inside(filepath.Join(dir, symversFile)))
		}
		if err := s.showSource(n.Source, n.Name, n.Version, false); err != nil {
			return err
		}
	}
	if len(s.job.Needed) > 0 && s.Sandbox.Kind == sandbox.Bubblewrap {
		s.mounts = append(s.mounts, sandbox.Mount{Host: filepath.Join(s.tree, installed), Path: filepath.Join(s.job.Kernel.ModulesDir, "updates/dkms")})
	}
	return nil
}

// copyFiles copies the plain files of a directory; those of an earlier one by the same name stay.
func (s *steps) copyFiles(from, to string) error {
	if err := s.work.MkdirAll(to, 0o755); err != nil {
		return err
	}
	source, err := os.OpenRoot(from)
	if err != nil {
		return err
	}
	defer source.Close()
	entries, err := os.ReadDir(from)
	if err != nil {
		return err
	}
	c := s.copying(source, "a needed module")
	for _, e := range entries {
		if err := c.file(e.Name(), filepath.Join(to, e.Name())); err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
	}
	return nil
}
