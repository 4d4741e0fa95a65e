package sandbox

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Mount shows a directory or file of the host in a sandbox, beside the system's own. Programs may read it.
type Mount struct {
	Host          string // its host path
	Path          string // where programs find it; without Sandbox.Shows it must lead to Host by itself
	Writable      bool   // whether programs may write to it, too
	Device, Inode uint64 // what Host must still be when a program starts; 0: whatever is there
	Link          string // makes Path a symbolic link with this target, and shows no Host
}

// system are the directories of the system that programs in a sandbox may read.
var system = []string{"/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/etc", "/opt", "/boot"}

// IsSystem reports whether a path lies in what every sandbox shows of the system.
func IsSystem(path string) bool {
	return slices.ContainsFunc(system, func(dir string) bool { return path == dir || strings.HasPrefix(path, dir+"/") })
}

// inPlace gives a *MountError for what a sandbox without a file system of its own could not show.
func (r Sandbox) inPlace(all []Mount) error {
	for _, m := range all {
		if m.Link != "" {
			return &MountError{r.Kind, m.Link, m.Path}
		}
		wanted, err := r.root().Stat(m.Path)
		is, hostErr := os.Stat(m.Host)
		if err != nil || hostErr != nil || !os.SameFile(wanted, is) {
			return &MountError{r.Kind, m.Host, m.Path}
		}
	}
	return nil
}

// mounts lays them out for bubblewrap.
func (r Sandbox) mounts(all []Mount) []string {
	taken := map[string][]string{} // names, by the directory of the system that they are mounted in
	var binds, seal []string
	for _, m := range all {
		how := "--ro-bind"
		if m.Writable {
			how = "--bind"
		}
		base, below := r.split(m.Path)
		if base != "" {
			first, _, _ := strings.Cut(below, "/")
			taken[base] = append(taken[base], first)
		}
		from := m.Host
		if m.Link != "" {
			how, from = "--symlink", m.Link
		}
		binds = append(binds, bind(how, from, filepath.Join(base, below))...)
	}
	var args []string
	for _, dir := range slices.Sorted(maps.Keys(taken)) { // a directory comes before those below it
		args = append(args, r.repeat(dir, taken[dir])...)
		seal = append(seal, "--remount-ro", dir) // what is mounted below it stays as it is
	}
	return slices.Concat(args, binds, seal)
}

// split parts a path into the deepest directory of the system above it that is there, links resolved, and the rest. Of a path
// that is not the system's it is all rest.
func (r Sandbox) split(path string) (base, below string) {
	for dir := filepath.Dir(path); IsSystem(dir); dir = filepath.Dir(dir) {
		base, host, err := r.root().Resolve(dir)
		if info, statErr := os.Stat(host); err == nil && statErr == nil && info.IsDir() && IsSystem(base) {
			return base, strings.TrimPrefix(path, dir+"/")
		}
	}
	return "", path
}

// repeat makes a directory of the system one that can be mounted in: the system is read-only, even for a mount point. The
// names that are taken are left out.
func (r Sandbox) repeat(dir string, taken []string) []string {
	args := []string{"--tmpfs", dir}
	entries, _ := r.root().ReadDir(dir)
	for _, e := range entries {
		if !slices.Contains(taken, e.Name()) {
			args = append(args, r.show(filepath.Join(dir, e.Name()))...)
		}
	}
	return args
}

// identify is a program that becomes another one where mounts are what they were.
const identify = `while [ "$1" != -- ]; do
	[ "$(/usr/bin/stat -c %d:%i -- "$2")" = "$1" ] || { echo "mago: $2 has been replaced" >&2; exit 126; }
	shift 2
done
shift
exec "$@"`

// identified puts that before a program: bubblewrap follows links that were set after a mount was judged.
func identified(all []Mount) []string {
	args := []string{"/bin/sh", "-c", identify, "mago-identify"}
	plain := len(args)
	for _, m := range all {
		if m.Inode != 0 {
			args = append(args, fmt.Sprintf("%d:%d", m.Device, m.Inode), m.Path)
		}
	}
	if len(args) == plain {
		return nil
	}
	return append(args, "--")
}
