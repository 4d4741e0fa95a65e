package recipe

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"mago/debpkg/rooted"
	"mago/kbuild/deep"
	"mago/kbuild/dkms"
	"mago/kbuild/kernel"
)

// The administrator's settings (dkms(8)).
const (
	settingsDir  = "/etc/dkms/"
	frameworkDir = settingsDir + "framework.conf.d/"
)

// Settings gives the administrator's files that a module is built with by its dkms.conf: host paths by those inside root.
func Settings(root string, conf *dkms.Conf, k kernel.Kernel) (map[string]string, error) {
	counting := append(dkms.Overrides(conf.Name, conf.Version, k.Release, k.Arch), "framework.conf")
	files := settingsFiles(root)
	maps.DeleteFunc(files, func(file, _ string) bool {
		return !strings.HasPrefix(file, frameworkDir) && !slices.Contains(counting, strings.TrimPrefix(file, settingsDir))
	})
	added, _, err := additions(root, conf.Name)
	for _, file := range added {
		addFile(files, root, path.Join(settingsDir, conf.Name, file))
	}
	if file := conf.Environment(); isForBuilds(root, file) {
		addFile(files, root, file)
	}
	return files, err
}

// addFile adds a regular file by its path inside root.
func addFile(files map[string]string, root, file string) {
	host, err := rooted.Root(root).Path(file)
	if err != nil {
		return
	}
	if info, err := os.Stat(host); err == nil && info.Mode().IsRegular() {
		files[file] = host
	}
}

// settingsFiles gives those for every dkms.conf and kernel.
func settingsFiles(root string) map[string]string {
	files := map[string]string{}
	for _, dir := range []string{settingsDir, frameworkDir} {
		entries, _ := rooted.Root(root).ReadDir(dir)
		for _, entry := range entries {
			name := entry.Name()
			if !strings.HasPrefix(name, ".") && path.Ext(name) == ".conf" {
				addFile(files, root, dir+name)
			}
		}
	}
	return files
}

// SettingsSum is a hash over all that lies in /etc/dkms, whatever of it counts for a module. It fails where a link leads to a directory,
// which lies elsewhere.
func SettingsSum(root string) (string, error) {
	dir, err := rooted.Root(root).Path(settingsDir)
	if err != nil {
		return "", err
	}
	sum := sha256.New()
	err = filepath.WalkDir(dir, deep.Bounded(func(file string, entry fs.DirEntry, err error) error {
		switch {
		case errors.Is(err, fs.ErrNotExist) && file == dir:
			return nil
		case err != nil && !errors.Is(err, fs.ErrPermission):
			return err
		}
		below, _ := filepath.Rel(dir, file)
		name := filepath.Join(settingsDir, below)
		info, err := rooted.Root(root).Stat(name)
		if err == nil && info.IsDir() && entry.Type() == fs.ModeSymlink {
			return fmt.Errorf("%s is a link to a directory", name)
		}
		if err != nil {
			fmt.Fprintf(sum, "%q\n", name)
			return nil
		}
		if !info.Mode().IsRegular() {
			fmt.Fprintf(sum, "%q %v\n", name, info.Mode()) // which may close what lies in it to builds
			return nil
		}
		text, err := rooted.Root(root).ReadFile(name)
		fmt.Fprintf(sum, "%q %v %v %q\n", name, info.Mode(), err == nil, text)
		return nil
	}))
	return hex.EncodeToString(sum.Sum(nil)), err
}
