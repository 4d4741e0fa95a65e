package recipe

import (
	"cmp"
	"context"
	"errors"
	"fmt"
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

// SymversFile is what modpost lists exported symbols in, in the headers and in every directory it is run for.
const SymversFile = "Module.symvers"

// installed is where the needed modules lie in the workspace; no PACKAGE_NAME begins like this.
const installed = "_installed"

// PlaceNeeded puts the modules that this one needs where dkms has them: their sources below /usr/src, the modules below
// the kernel's updates/dkms, and both with their Module.symvers in dkms's own tree. Sandboxes that cannot show directories
// at other paths have dkms's tree only. make's lists of files could not hold an epoch's colon.
func (w *Workspace) PlaceNeeded(ctx context.Context) error {
	k := w.Job.Kernel
	for _, n := range w.Job.Needed {
		if n.Name == "" {
			n.Name, n.Version = splitDir(n.Source.Dir)
			n.Version = cmp.Or(n.Version, "0")
		}
		dir := filepath.Join(directoryName(n.Name), directoryName(n.Version), k.Release, k.Arch, "module")
		for _, to := range []string{dir, installed} {
			if err := w.copyFiles(ctx, n.Modules, to); err != nil {
				return fmt.Errorf("copy the modules of %s: %w", n.Name, err)
			}
		}
		if _, err := w.files.Stat(filepath.Join(dir, SymversFile)); err == nil {
			w.symvers = append(w.symvers, w.Inside(filepath.Join(dir, SymversFile)))
		}
		if err := w.showSource(ctx, n.Source, n.Name, n.Version, false); err != nil {
			return err
		}
	}
	updates := filepath.Join(k.ModulesDir, "updates/dkms")
	if len(w.Job.Needed) > 0 && w.Sandbox.Shows() {
		w.mounts = append(w.mounts, sandbox.Mount{Host: filepath.Join(w.dir, installed), Path: updates})
	} else if len(w.Job.Needed) > 0 {
		w.cannotShow(updates)
	}
	return nil
}

// usrSrc is where dkms has its sources, and where recipes look for others'.
const usrSrc = "/usr/src"

// showSource puts a source into dkms's tree and shows it at /usr/src/<name>-<version>, which dkms builds from. It is a copy: some
// recipes write to their own, and the build user need not be able to read the original.
func (w *Workspace) showSource(ctx context.Context, source Source, name, version string, writable bool) error {
	w.cannotShow(filepath.Join(usrSrc, name+"-"+version), filepath.Join(sandbox.WorkDir, name, version))
	dir, base := sourceDir(name, version), name+"-"+version
	if err := w.files.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		return err
	}
	if err := w.copyTree(ctx, source, dir); err != nil {
		return fmt.Errorf("copy the source of %s: %w", name, err)
	}
	if w.Sandbox.Shows() {
		w.mounts = append(w.mounts, sandbox.Mount{Host: filepath.Join(w.dir, dir), Path: filepath.Join(usrSrc, base), Writable: writable})
		return nil
	}
	return errors.Join(w.files.MkdirAll(sourcesDir, 0o755), w.files.Symlink(filepath.Join("..", dir), filepath.Join(sourcesDir, base)))
}

// checkMounts wants what is shown at other paths to lie in the workspace still. An earlier step may have put a link to
// something of the host in its way, which bubblewrap would follow; no foreign program runs meanwhile.
func (w *Workspace) checkMounts() error {
	dir, err := filepath.EvalSymlinks(w.dir)
	if err != nil {
		return err
	}
	for _, m := range w.mounts {
		if m.Inode != 0 { // it is the sandbox that looks whether that is still what it was
			continue
		}
		real, err := filepath.EvalSymlinks(m.Host)
		if below, ok := strings.CutPrefix(m.Host, w.dir); err != nil || !ok || real != dir+below {
			return &Error{"source", fmt.Errorf("an earlier step has moved, or replaced by a link, what builds see at %s", m.Path)}
		}
	}
	return nil
}
