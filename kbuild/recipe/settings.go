package recipe

import (
	"maps"
	"os"
	"path"
	"slices"
	"strings"

	"mago/debpkg/rooted"
	"mago/kbuild/dkms"
	"mago/kbuild/kernel"
)

// The administrator's settings (dkms(8)).
const (
	settingsDir  = "/etc/dkms/"
	frameworkDir = settingsDir + "framework.conf.d/"
)

// Settings gives the administrator's files that a dkms.conf is read with: host paths by those inside root.
func Settings(root, name, version string, k kernel.Kernel) map[string]string {
	counting := append(dkms.Overrides(name, version, k.Release, k.Arch), "framework.conf")
	files := settingsFiles(root)
	maps.DeleteFunc(files, func(file, _ string) bool {
		return !strings.HasPrefix(file, frameworkDir) && !slices.Contains(counting, strings.TrimPrefix(file, settingsDir))
	})
	return files
}

// settingsFiles gives those for every dkms.conf and kernel.
func settingsFiles(root string) map[string]string {
	files := map[string]string{}
	for _, dir := range []string{settingsDir, frameworkDir} {
		entries, _ := rooted.Root(root).ReadDir(dir)
		for _, entry := range entries {
			name := entry.Name()
			host, err := rooted.Root(root).Path(dir + name)
			if err != nil || strings.HasPrefix(name, ".") || path.Ext(name) != ".conf" {
				continue
			}
			if info, err := os.Stat(host); err == nil && info.Mode().IsRegular() {
				files[dir+name] = host
			}
		}
	}
	return files
}
