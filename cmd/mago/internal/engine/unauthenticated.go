package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"mago/cmd/mago/internal/store"
	"mago/debpkg/word"
)

// What apt installed for a run with --allow-unauthenticated, and could check no signature of, takes no part in the builds of a
// run without: it is written down by name and version, until apt has installed it again from an archive that it could check.

// unauthenticatedFile lies in the cache.
const unauthenticatedFile = "unauthenticated.json"

// UnauthenticatedToolsError says that such a package would take part in a build.
type UnauthenticatedToolsError struct {
	Unit     unit
	packages []string
}

func (e *UnauthenticatedToolsError) Error() string {
	return fmt.Sprintf("build %s: no signature that apt has checked covers %s, which the build would use", e.Unit, strings.Join(e.packages, ", "))
}

// StillUnauthenticatedError says that they could not be installed again.
type StillUnauthenticatedError struct{ packages []word.Target }

func (e *StillUnauthenticatedError) Error() string {
	return fmt.Sprintf("install %s: the installed version is in no archive whose signature apt has checked", word.Join(e.packages, ", "))
}

// notes are the versions of packages by their names. A user's builds also heed what root has written down.
func (pk *packages) notes() (map[string]string, error) {
	all := map[string]string{}
	for _, dir := range []string{filepath.Join(pk.Root, "/var/cache/mago"), pk.Cache} {
		notes := map[string]string{}
		path := filepath.Join(dir, unauthenticatedFile)
		text, err := os.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission) && dir != pk.Cache {
			continue
		}
		if err == nil {
			err = json.Unmarshal(text, &notes)
		}
		if err != nil {
			return nil, fmt.Errorf("read what apt took unchecked: %s: %w", path, err)
		}
		maps.Copy(all, notes)
	}
	return all, nil
}

// unauthenticated are the installed packages that may not serve in this run.
func (pk *packages) unauthenticated() ([]word.Target, error) {
	if pk.Unauthenticated {
		return nil, nil
	}
	return pk.installedUnauthenticated()
}

// installedUnauthenticated are the packages that are installed as they were written down.
func (pk *packages) installedUnauthenticated() ([]word.Target, error) {
	notes, err := pk.notes()
	if err != nil {
		return nil, err
	}
	var packages []word.Target
	for _, text := range slices.Sorted(maps.Keys(notes)) {
		if name, err := word.ParsePackage(text); err == nil && pk.packageVersion(text) == notes[text] {
			packages = append(packages, word.Target{Name: name})
		}
	}
	return packages, nil
}

// noteUnchecked writes down what apt has said of packages; those asked for that it has installed from where it could check
// them are doubted no longer. known.system is held.
func (at *aptTool) noteUnchecked(said *aptSaid, asked []word.Target) error {
	notes, err := at.pkgs.notes()
	if err != nil || len(notes)+len(said.unchecked) == 0 {
		return err
	}
	if !at.Unauthenticated {
		maps.DeleteFunc(notes, func(name, _ string) bool {
			asked := slices.ContainsFunc(asked, func(t word.Target) bool { return t.Name.String() == name })
			return asked && !slices.Contains(said.kept, name) && !slices.Contains(said.unchecked, name)
		})
	}
	for _, name := range said.unchecked {
		if version := at.pkgs.packageVersion(name); version != "" && at.Unauthenticated {
			notes[name] = version
		}
	}
	text, err := json.Marshal(notes)
	if err != nil {
		return err
	}
	return store.Replace(filepath.Join(at.Cache, unauthenticatedFile), append(text, '\n'))
}

// unauthenticatedTools names those packages that take part in a build, with their versions; of opened headers, too.
func (pr *preparer) unauthenticatedTools(ctx context.Context, u unit) (names []string, err error) {
	if len(u.Kernel.Opened().Dirs) > 0 {
		for _, deb := range doubted(pr.kernels.cache.kernelIndex().Kernels[u.Kernel.Release].Packages) {
			names = append(names, deb.Name.String()+" "+deb.Version.String())
		}
	}
	doubted, err := pr.pkgs.installedUnauthenticated()
	if err != nil || len(doubted) == 0 {
		return names, err
	}
	packages, err := pr.buildPackages(ctx, u)
	if err != nil {
		return nil, err
	}
	for _, p := range packages {
		if slices.ContainsFunc(doubted, func(t word.Target) bool { return t.Name.String() == p.Package }) {
			names = append(names, p.Package+" "+p.Version)
		}
	}
	return names, nil
}

// checkTools refuses, before a compilation, what may not take part in it.
func (pr *preparer) checkTools(ctx context.Context, u unit) error {
	if pr.Unauthenticated {
		return nil
	}
	names, err := pr.unauthenticatedTools(ctx, u)
	if err == nil && len(names) > 0 {
		err = &UnauthenticatedToolsError{u, names}
	}
	return err
}
