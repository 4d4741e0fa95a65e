package engine

import (
	"context"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"mago/cmd/mago/internal/modpkg"
	"mago/cmd/mago/internal/store"
	"mago/debpkg"
	"mago/debpkg/codec"
	"mago/debpkg/rooted"
	"mago/kbuild/initramfs"
)

// initramfsOf is where Debian has a kernel's initramfs, as a path in the root.
func initramfsOf(release string) string { return "/boot/initrd.img-" + release }

// initramfses are those of kernels as they were, by release; nil for a kernel that has none.
type initramfses map[string]fs.FileInfo

func (it *installer) initramfses(releases ...string) initramfses {
	all := initramfses{}
	for _, release := range releases {
		all[release], _ = rooted.Root(it.Root).Stat(initramfsOf(release)) // nil with the error
	}
	return all
}

// tellRemade says which initramfs has been made anew by what dpkg has run.
func (it *installer) tellRemade(before initramfses) {
	for _, release := range slices.Sorted(maps.Keys(before)) {
		now, _ := rooted.Root(it.Root).Stat(initramfsOf(release))
		if was := before[release]; was != nil && now != nil && (!os.SameFile(was, now) || !was.ModTime().Equal(now.ModTime())) {
			it.say.note("initrd", "%s was made anew", initramfsOf(release))
		}
	}
}

// remakesInitramfs reports what the package's own script will find; see modpkg.
func (it *installer) remakesInitramfs(ctx context.Context, built store.Record, release string) (bool, error) {
	deb, err := debpkg.Open(built.Deb)
	if err != nil {
		return false, err
	}
	defer deb.Close()
	names := modpkg.Modules(built.Modules)
	switch {
	case !it.makesInitramfs():
		return false, nil
	case modpkg.IsEarly(deb) || it.listsForInitramfs(names):
		return true, nil
	}
	has, err := it.initramfsHas(ctx, initramfsOf(release), names)
	if err != nil {
		it.say.note("note", "%s cannot be read, so it counts as one that has the module: %v", initramfsOf(release), err)
	}
	return has || err != nil, nil
}

// initramfsOff is the administrator's word in update-initramfs.conf(5).
var initramfsOff = regexp.MustCompile(`(?m)^\s*update_initramfs=["']?no\b`)

// makesInitramfs reports whether the system has a program that makes an initramfs anew, and may.
func (it *installer) makesInitramfs() bool {
	root := rooted.Root(it.Root)
	if _, err := root.Stat("/usr/sbin/update-initramfs"); err == nil {
		conf, _ := root.ReadFile("/etc/initramfs-tools/update-initramfs.conf") // where there is none it may
		return !initramfsOff.Match(conf)
	}
	_, err := root.Stat("/usr/bin/dracut")
	return err == nil
}

// listsForInitramfs reports whether one of the modules is named where an initramfs' modules are.
func (it *installer) listsForInitramfs(names []string) bool {
	lists := modpkg.ListsOneOf(names)
	for _, file := range it.initramfsLists() {
		text, _ := rooted.Root(it.Root).ReadFile(file) // grep -s passes over what cannot be read, too
		if slices.ContainsFunc(strings.Split(string(text), "\n"), lists) {
			return true
		}
	}
	return false
}

func (it *installer) initramfsLists() (files []string) {
	for _, pattern := range modpkg.InitramfsLists {
		dir, base := filepath.Split(pattern)
		entries, _ := rooted.Root(it.Root).ReadDir(dir) // many systems have none of them
		for _, entry := range entries {
			if fits, _ := filepath.Match(base, entry.Name()); fits {
				files = append(files, filepath.Join(dir, entry.Name()))
			}
		}
	}
	return files
}

// initramfsHas reports whether an image has one of the modules.
func (it *installer) initramfsHas(ctx context.Context, image string, names []string) (has bool, err error) {
	file, err := rooted.Root(it.Root).Open(image)
	if err != nil {
		return false, err
	}
	defer file.Close()
	err = initramfs.List(codec.Until(ctx, file), func(name string) {
		has = has || slices.Contains(names, modpkg.ModuleName(name)) && len(modpkg.Modules([]string{name})) > 0
	})
	return has, err
}
