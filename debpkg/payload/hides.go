package payload

import (
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// families are lists of directories in which one name means one thing: a file in an earlier directory is used instead of that
// in a later one. {triplet} is that of rules.
var families = []struct {
	dirs   []string
	strict bool // whether who looks there may have another order
}{
	// PATH is each user's own.
	{dirs: []string{"/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/usr/local/games", "/usr/games"}, strict: true},

	// udev(7), hwdb(7), modprobe.d(5), modules-load.d(5), depmod.d(5): in /etc and /run the administrator overrides packages.
	{dirs: []string{"/etc/udev/rules.d", "/run/udev/rules.d", "/usr/local/lib/udev/rules.d", "/usr/lib/udev/rules.d"}},
	{dirs: []string{"/etc/udev/hwdb.d", "/run/udev/hwdb.d", "/usr/local/lib/udev/hwdb.d", "/usr/lib/udev/hwdb.d"}},
	{dirs: []string{"/etc/modprobe.d", "/run/modprobe.d", "/usr/local/lib/modprobe.d", "/usr/lib/modprobe.d"}},
	{dirs: []string{"/etc/modules-load.d", "/run/modules-load.d", "/usr/local/lib/modules-load.d", "/usr/lib/modules-load.d"}},
	{dirs: []string{"/etc/depmod.d", "/run/depmod.d", "/usr/local/lib/depmod.d", "/usr/lib/depmod.d"}},
	{dirs: []string{"/etc/initramfs-tools", "/usr/share/initramfs-tools"}},
	{dirs: []string{"/usr/lib/firmware/updates", "/usr/lib/firmware"}},

	// As gcc and pkg-config search.
	{dirs: []string{"/usr/local/include", "/usr/include/{triplet}", "/usr/include"}},
	{dirs: []string{"/usr/local/lib/pkgconfig", "/usr/local/share/pkgconfig", "/usr/lib/{triplet}/pkgconfig", "/usr/lib/pkgconfig", "/usr/share/pkgconfig"}},
}

// libraries are the directories that ld.so searches.
var libraries = []string{"/usr/local/lib/*-linux-gnu*", "/usr/local/lib", "/usr/lib/*-linux-gnu*", "/usr/lib", "/usr/lib32", "/usr/lib64", "/usr/libx32"}

// hides refuses a file that would be used instead of one in another directory. A file that is itself overridden there is fine,
// and the override stays.
func (c *comparing) hides(pkg Package, file string) error {
	name := canonical(file)
	for _, family := range families {
		i := slices.IndexFunc(family.dirs, func(dir string) bool { _, ok := c.below(name, dir); return ok })
		if i < 0 {
			continue
		}
		rest, _ := c.below(name, family.dirs[i])
		behind := family.dirs[i+1:]
		if family.strict {
			behind = family.dirs
		}
		for _, dir := range behind {
			if err := c.hidesAt(pkg, file, path.Join(c.asHere(name, dir), Literal(rest))); err != nil {
				return err
			}
		}
	}
	if isBelow(name, "/usr/lib") && strings.Contains(path.Base(name), ".so") {
		return c.hidesLibrary(pkg, file) // ld.so also looks into directories below its own, for some processors
	}
	return nil
}

// below returns the rest of a path after a directory, whose {triplet} matches any.
func (c *comparing) below(name, dir string) (rest string, ok bool) {
	n := len(split(dir))
	parts := split(name)
	if len(parts) <= n || !matches(split(dir), parts[:n], c.part) {
		return "", false
	}
	return path.Join(parts[n:]...), true
}

// asHere replaces a directory's {triplet} by that of the path, or by a pattern.
func (c *comparing) asHere(name, dir string) string {
	for _, part := range split(name) {
		if isTriplet(part) {
			return strings.ReplaceAll(dir, "{triplet}", Literal(part))
		}
	}
	return strings.ReplaceAll(dir, "{triplet}", "*-linux-gnu*")
}

// hidesAt looks for files of others that match a pattern in its directories.
func (c *comparing) hidesAt(pkg Package, file, pattern string) error {
	found, err := c.glob(pattern)
	if err != nil {
		return err
	}
	for _, other := range found {
		if err := c.hidesOne(pkg, file, other); err != nil {
			return err
		}
	}
	return nil
}

func (c *comparing) hidesOne(pkg Package, file, other string) error {
	info, err := os.Lstat(c.host(other))
	if err != nil || info.IsDir() || canonical(file) == other {
		return nil
	}
	of, err := c.owners.of(other)
	if err != nil {
		return err
	}
	mine := func(owner string) bool { return c.isModules(owner) || c.replaces(pkg, owner) }
	if foreign := slices.DeleteFunc(slices.Clone(of), mine); len(foreign) > 0 {
		c.outside(file, fmt.Sprintf("stands for %s of %s", other, foreign[0]))
	} else if len(of) == 0 {
		c.outside(file, "stands for "+other+", which is there and of no package")
	}
	return nil
}

// hidesLibrary looks for other libraries of the same name, whatever their versions.
func (c *comparing) hidesLibrary(pkg Package, file string) error {
	for _, dir := range libraries {
		found, err := c.glob(path.Join(dir, Literal(stem(file))+".so*"))
		if err != nil {
			return err
		}
		for _, other := range found {
			if err := c.hidesOne(pkg, file, other); err != nil {
				return err
			}
		}
	}
	return nil
}

// glob returns the matching canonical paths; the caller escapes a name's own [ and *.
func (c *comparing) glob(pattern string) (names []string, err error) {
	root := strings.TrimSuffix(filepath.Join("/", c.Root), "/")
	if !strings.ContainsAny(pattern, "*?[\\") {
		if _, err := os.Lstat(c.host(pattern)); err != nil {
			return nil, nil
		}
		return []string{pattern}, nil
	}
	found, err := fs.Glob(os.DirFS(root+"/"), strings.TrimPrefix(pattern, "/"))
	for _, name := range found {
		names = append(names, "/"+name)
	}
	return names, err
}
