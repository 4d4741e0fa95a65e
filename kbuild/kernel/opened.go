package kernel

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"

	"mago/kbuild/sandbox"
)

// Opened are packages of headers that lie opened in directories of their own and are installed nowhere. Names lead in them where
// they would lead on a system that has these packages; /lib is /usr/lib there.
type Opened struct {
	Package, Version string   // of the headers themselves
	Dirs             []string // host paths of what the packages hold; the first one that has a name is meant
}

// FindOpened gives the kernel of that release whose headers the packages are. The errors are those of Find.
func (f Finder) FindOpened(release string, o Opened) (Kernel, error) {
	missing := &HeadersError{Release: release}
	for _, dir := range f.candidates(release)[len(f.Dirs):] {
		if found, err := releaseOf(headers{o, dir}); err != nil || found != release {
			continue
		}
		k, err := f.describe(o, release, dir)
		return o.complete(k), err
	}
	return Kernel{}, missing
}

// Opened are the packages that the kernel's headers lie opened in; it has no Dirs where they are installed.
func (k Kernel) Opened() Opened {
	o, _ := k.headers.in.(Opened)
	return o
}

// brings reports whether the packages have a program.
func (o Opened) brings(program string) bool {
	_, info := o.find("/usr/bin/" + program)
	return info != nil
}

// complete adds what is known of an opened kernel by its packages.
func (o Opened) complete(k Kernel) Kernel {
	k.Package, k.Version, k.ModulesDir = o.Package, o.Version, o.modulesDir(k.Release)
	k.mounts = sync.OnceValue(o.mounts)
	k.hash, k.shape = sync.OnceValues(k.sum), sync.OnceValues(k.formed)
	return k
}

func (o Opened) modulesDir(release string) string {
	for _, dir := range o.Dirs {
		if _, err := os.Lstat(filepath.Join(dir, "usr/lib/modules", release)); err == nil {
			return "/usr/lib/modules/" + release
		}
	}
	return "/lib/modules/" + release
}

// mostLinks is as many as Linux follows (path_resolution(7)).
const mostLinks = 40

// Resolve is the name without links, and where its file lies.
func (o Opened) Resolve(name string) (resolved, host string, err error) {
	rest, at := filepath.Join("/", name), "/"
	for links := 0; rest != "/" && rest != ""; {
		first, more, _ := strings.Cut(rest[1:], "/")
		next := filepath.Join(at, first)
		target, link := o.link(next)
		if !link {
			at, rest = next, filepath.Join("/", more)
			continue
		}
		if links++; links > mostLinks {
			return "", "", &fs.PathError{Op: "open", Path: name, Err: syscall.ELOOP}
		}
		if !filepath.IsAbs(target) {
			target = filepath.Join(at, target)
		}
		rest, at = filepath.Join(target, more), "/"
	}
	host, _ = o.find(at)
	return at, host, nil
}

// link is where a name leads that is a symbolic link.
func (o Opened) link(name string) (target string, ok bool) {
	if name == "/lib" {
		return "/usr/lib", true
	}
	host, info := o.find(name)
	if info == nil || info.Mode().Type() != fs.ModeSymlink {
		return "", false
	}
	return o.target(host)
}

// target is where a link leads. Packages are opened with relative links, which lead elsewhere from below /lib where that is
// /usr/lib: of those it is the absolute name.
func (o Opened) target(host string) (target string, ok bool) {
	target, err := os.Readlink(host)
	for _, dir := range o.Dirs {
		name, below := strings.CutPrefix(host, dir)
		if below && strings.HasPrefix(name, "/lib/") && !filepath.IsAbs(target) {
			target = filepath.Join(filepath.Dir(name), target)
		}
	}
	return target, err == nil
}

// find is where the file of a name lies in whose way no link is; nil where it is in no package.
func (o Opened) find(name string) (host string, info fs.FileInfo) {
	spellings := []string{name}
	if below, ok := strings.CutPrefix(name, "/usr/lib/"); ok {
		spellings = append(spellings, "/lib/"+below)
	}
	for _, dir := range o.Dirs {
		for _, name := range spellings {
			if info, err := os.Lstat(filepath.Join(dir, name)); err == nil {
				return filepath.Join(dir, name), info
			}
		}
	}
	if len(o.Dirs) > 0 {
		host = filepath.Join(o.Dirs[0], name)
	}
	return host, nil
}

// Stat describes what a name leads to.
func (o Opened) Stat(name string) (fs.FileInfo, error) {
	resolved, _, err := o.Resolve(name)
	if err != nil {
		return nil, err
	}
	return o.Lstat(resolved)
}

// Lstat describes a name itself, which may be a link that leads nowhere.
func (o Opened) Lstat(name string) (fs.FileInfo, error) {
	dir, base := filepath.Split(filepath.Join("/", name))
	at, _, err := o.Resolve(dir)
	if err != nil {
		return nil, err
	}
	if _, info := o.find(filepath.Join(at, base)); info != nil {
		return info, nil
	}
	return nil, fmt.Errorf("%s: %w", name, fs.ErrNotExist)
}

// mounts show what the packages hold, at the paths that they would have it at.
func (o Opened) mounts() (all []sandbox.Mount) {
	for _, dir := range o.Dirs {
		for _, in := range []string{"usr/src", "usr/lib", "lib"} {
			all = append(all, o.below(dir, in, "/"+in)...)
		}
		all = append(all, o.below(dir, "usr/bin", "/usr/local/bin")...)
	}
	first := map[string]bool{}
	return slices.DeleteFunc(all, func(m sandbox.Mount) bool {
		had := first[m.Path]
		first[m.Path] = true
		return had
	})
}

// below shows what lies in a directory of an opened package. The directories of modules are those of a kernel's packages
// together, and so are those of an architecture's libraries and of programs: they are shown where few others are, and ld.so(8) and
// the PATH find them.
func (o Opened) below(dir, in, at string) (all []sandbox.Mount) {
	entries, _ := os.ReadDir(filepath.Join(dir, in))
	for _, e := range entries {
		name, path := filepath.Join(in, e.Name()), filepath.Join(at, e.Name())
		switch {
		case e.IsDir() && (e.Name() == "modules" || filepath.Base(in) == "modules"):
			all = append(all, o.below(dir, name, path)...)
		case e.IsDir() && strings.Contains(e.Name(), "-linux-gnu"):
			all = append(all, o.below(dir, name, "/usr/lib")...)
		default:
			all = append(all, o.mountOf(filepath.Join(dir, name), path)...)
		}
	}
	return all
}

// mountOf shows a file, a directory or a link; nothing where it is gone.
func (o Opened) mountOf(host, path string) []sandbox.Mount {
	info, err := os.Lstat(host)
	if err != nil {
		return nil
	}
	if info.Mode().Type() == fs.ModeSymlink {
		target, ok := o.target(host)
		if !ok {
			return nil
		}
		return []sandbox.Mount{{Path: path, Link: target}}
	}
	stat := info.Sys().(*syscall.Stat_t)
	return []sandbox.Mount{{Host: host, Path: path, Device: stat.Dev, Inode: stat.Ino}}
}
