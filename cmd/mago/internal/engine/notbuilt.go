package engine

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"mago/catalog"
	"mago/cmd/mago/internal/store"
	"mago/kbuild/kernel"
)

// An ordinary user's builds lie in a cache of that user's own, and root's elsewhere: what the one has built the other does
// not find.

// NotBuiltError says that there is no package to install.
type NotBuiltError struct {
	Module, Release string   // no release where every kernel counts
	Others          []string // kernels that it is built for
	Caller          string   // the user behind sudo, whose own cache has it
}

func (e *NotBuiltError) Error() string {
	if e.Release == "" {
		return "nothing is built of " + e.Module
	}
	return fmt.Sprintf("nothing is built of %s for kernel %s", e.Module, e.Release)
}

func (e *NotBuiltError) Hint(on System) string {
	switch {
	case e.Caller != "":
		return fmt.Sprintf(`%s has built it: run "%s" as %[1]s, without sudo`, e.Caller, System{Root: on.Root}.Mago("install", e.Module, "-l", e.Release, "-S", "sudo"))
	case len(e.Others) > 0:
		return "built for " + strings.Join(e.Others, ", ") + ": choose with -l"
	case e.Release == "":
		return fmt.Sprintf(`run "%s"`, on.Mago("auto-build", e.Module))
	}
	return fmt.Sprintf(`run "%s"`, on.Mago("auto-build", e.Module, "-l", e.Release))
}

// notBuilt says where else a unit is built, for another kernel or by the user behind sudo.
func (it *installer) notBuilt(module, release string) error {
	e := &NotBuiltError{Module: module, Release: release}
	if caller, cache := it.caller(); cache.Has(store.ID{Module: module, Kernel: release}) {
		e.Caller = caller
	}
	records, _ := it.store.Of(module) // a hint does without what cannot be read
	for _, r := range records {
		if r.Kernel != release && it.store.HasDeb(r) {
			e.Others = append(e.Others, r.Kernel)
		}
	}
	e.Others = kernel.SortReleases(e.Others)
	return e
}

// unknownHere turns the error of an unknown name into a NotBuiltError where the user behind sudo has built that module.
func (it *installer) unknownHere(err error, releases []string) error {
	var unknown *catalog.NotFoundError
	if !errors.As(err, &unknown) || !moduleWord.MatchString(unknown.Name) {
		return err
	}
	for _, release := range releases {
		if caller, cache := it.caller(); cache.Has(store.ID{Module: unknown.Name, Kernel: release}) {
			return &NotBuiltError{Module: unknown.Name, Release: release, Caller: caller}
		}
	}
	return err
}

// caller is the user for whom sudo has made mago root, with that user's cache; "" where there is none.
func (b *base) caller() (name string, cache *store.Store) {
	name = b.Caller
	home := homeOf(filepath.Join(b.Root, "etc/passwd"), name)
	if !b.host.AsRoot || home == "" || name == "root" {
		return "", store.Open(os.DevNull)
	}
	return name, store.Open(filepath.Join(b.Root, home, ".cache/mago"))
}

// homeOf is the home directory of a user in a passwd(5); "" where there is none.
func homeOf(passwd, name string) string {
	file, err := os.Open(passwd)
	if err != nil || name == "" {
		return ""
	}
	defer file.Close()
	for lines := bufio.NewScanner(file); lines.Scan(); {
		if fields := strings.Split(lines.Text(), ":"); len(fields) > 5 && fields[0] == name {
			return fields[5]
		}
	}
	return ""
}
