package kernel

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"mago/debpkg/lazy"
	"mago/debpkg/rooted"
	"mago/debpkg/word"
	"mago/kbuild/sandbox"
)

// Finder looks for kernels under a root.
type Finder struct {
	Root string   // absolute; "" or "/": the running system
	Dirs []string // further header directories (-k), inside the root

	// Packages lists the installed packages that may be a release's. Of headers packages, the one with Debian's name comes first.
	// nil: there are none.
	Packages func(release string) []Package
}

// Find gives the kernel of that release. The errors are *HeadersError, *HeaderFileError and *RefusedError.
func (f Finder) Find(release string) (Kernel, error) {
	missing := &HeadersError{Release: release}
	if !ValidRelease(release) {
		return Kernel{}, missing
	}
	for _, dir := range f.candidates(release) {
		found, err := releaseOf(headers{f.root(), dir})
		if err != nil && missing.Dir == "" && f.exists(dir) {
			missing.Dir, missing.Missing = dir, utsrelease
		}
		if err == nil && found == release {
			return f.kernel(release, dir)
		}
	}
	return Kernel{}, missing
}

func (f Finder) candidates(release string) []string {
	return append(slices.Clone(f.Dirs), "/lib/modules/"+release+"/build", "/usr/src/linux-headers-"+release)
}

func (f Finder) root() rooted.Root { return rooted.Root(f.Root) }

// exists also sees a symbolic link that leads nowhere.
func (f Finder) exists(name string) bool {
	_, err := f.root().Lstat(name)
	return err == nil
}

const utsrelease = "include/generated/utsrelease.h"

var utsRelease = lazy.Regexp(`(?m)^#define UTS_RELEASE "([^"]+)"`)

// ReleaseOf reads the release that the headers in dir, inside the root, were generated for. Debian's
// include/config/kernel.release holds the upstream version instead, so it comes second.
func (f Finder) ReleaseOf(dir string) (string, error) { return releaseOf(headers{f.root(), dir}) }

func releaseOf(h headers) (string, error) {
	if text, err := h.read(utsrelease); err == nil {
		if m := utsRelease().FindSubmatch(text); m != nil {
			return checkedRelease(filepath.Join(h.dir, utsrelease), string(m[1]))
		}
	}
	const upstream = "include/config/kernel.release"
	text, err := h.read(upstream)
	if err != nil {
		return "", err
	}
	return checkedRelease(filepath.Join(h.dir, upstream), strings.TrimSpace(string(text)))
}

// checkedRelease refuses what a file of foreign headers gives for a release and is none.
func checkedRelease(file, release string) (string, error) {
	if _, err := word.ParseRelease(release); err != nil {
		return "", fmt.Errorf("%s: %w", file, err)
	}
	return release, nil
}

// kernel describes the one whose headers lie in dir.
func (f Finder) kernel(release, dir string) (Kernel, error) {
	packages := f.packages(release)
	k, err := f.describe(f.root(), release, dir)
	if err != nil {
		return Kernel{}, err
	}
	k.ModulesDir = modulesDir(release, packages)
	k.Package, k.Version = f.owner(k, packages)
	mounts, err := k.judge(f.root())
	k.mounts = func() []sandbox.Mount { return mounts }
	k.hash, k.shape = sync.OnceValues(k.sum), sync.OnceValues(k.formed)
	return k, err
}

// describe tells what the headers in dir do.
func (f Finder) describe(in files, release, dir string) (Kernel, error) {
	resolved, _, err := in.Resolve(dir)
	if err != nil {
		return Kernel{}, err
	}
	k := Kernel{Release: release, Headers: resolved, Build: dir, headers: headers{in, resolved}}
	if k.Common, k.includes, err = k.headers.common(); err != nil {
		return Kernel{}, err
	}
	if err := k.complete(headerFiles); err != nil {
		return Kernel{}, err
	}
	if err := k.headers.check(); err != nil {
		return Kernel{}, err
	}
	return k, f.configure(&k)
}

// configure takes what a kernel's configuration tells.
func (f Finder) configure(k *Kernel) error {
	text, err := k.headers.read(".config")
	if err != nil {
		return err
	}
	config := ParseConfig(text)
	*k = k.WithConfig(config)
	if err := k.complete(config.programs()); err != nil {
		return err
	}
	c := f.compiler(k.headers, config)
	k.Wanted, k.told, k.insists = c.wanted, c.told, c.insists
	if k.Compiler, err = word.ParseProgram(c.name); err != nil {
		return &HeadersError{Release: k.Release, Dir: k.Headers, Wrong: fmt.Errorf("name no compiler that can be called: %w", err)}
	}
	if lacking, err := k.headers.lackingExports(config); err != nil || lacking != "" {
		return cmp.Or[error](err, &HeadersError{Release: k.Release, Dir: k.Headers, Missing: lacking})
	}
	_, k.Arch, _ = config.machine()
	k.Compression = config.compression()
	return nil
}

// common follows headers to their other half, whose Makefile theirs includes by absolute path: Debian's
// linux-headers-*-common, and the source tree of a kernel that was built with O=. It also tells where they name it.
func (h headers) common() (dir, from string, err error) {
	text, err := h.read("Makefile")
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", "", err
	}
	number := 0
	for line := range strings.Lines(string(text)) {
		number++
		if path, ok := strings.CutPrefix(strings.TrimSpace(line), "include /"); ok {
			return filepath.Dir("/" + path), fmt.Sprintf("%s, line %d,", filepath.Join(h.dir, "Makefile"), number), nil
		}
	}
	return "", "", nil
}

// headerFiles must be there for kbuild to work; Module.symvers too, or modpost could not check a single symbol.
var headerFiles = []string{"Makefile", ".config", "include/generated/autoconf.h", "include/config/auto.conf", "Module.symvers", "scripts/Makefile.build", "scripts/mod/modpost"}

// complete gives a *HeadersError for the first file that kbuild needs and does not find.
func (k Kernel) complete(names []string) error {
	files := make([]string, len(names))
	for i, name := range names {
		files[i] = filepath.Join(k.Headers, name)
	}
	if k.Common != "" {
		names, files = append(slices.Clone(names), k.Common+"/Makefile"), append(files, k.Common+"/Makefile")
	}
	for i, file := range files {
		if _, err := k.headers.in.Stat(file); err != nil {
			return &HeadersError{Release: k.Release, Dir: k.Headers, Missing: names[i]}
		}
	}
	return nil
}
