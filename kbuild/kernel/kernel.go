// Package kernel finds the kernels that modules can be built for, and opens their files.
package kernel

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"mago/debpkg/codec"
	"mago/debpkg/word"
)

// Kernel is one kernel that modules can be built for. All paths are inside the root it was found in.
type Kernel struct {
	Release     string       // what uname -r prints
	Headers     string       // the build directory, symbolic links resolved
	Build       string       // the build directory as it was found, such as /lib/modules/6.1.0-56-amd64/build; "": as Headers
	Common      string       // the directory that the headers' Makefile includes the rest from, "" where they are whole
	ModulesDir  string       // the directory that linux-image puts modules under, such as /lib/modules/6.1.0-56-amd64
	Package     string       // Debian package of the headers, "" where no package owns them
	Version     string       // that package's version; the release where there is no package
	Compiler    word.Program // the compiler it was built with, such as gcc-12
	Arch        string       // machine name as uname -m prints it
	Compression codec.Format // how this kernel's own modules are compressed
	Config      Config
	includes    string // where the headers name Common
}

// Config holds a kernel's .config: CONFIG_X without quotes; an option that is not set is missing.
type Config map[string]string

// HeadersError says that a kernel cannot be built for: its headers are missing, or a part of them is.
type HeadersError struct {
	Release string
	Dir     string // where they were found, "" where there are none
	Missing string // the file that is not there
	Wrong   error  // what they say and cannot mean, nil where something is missing
}

func (e *HeadersError) Error() string {
	if e.Dir == "" {
		return "no headers for kernel " + e.Release
	}
	if e.Wrong != nil {
		return fmt.Sprintf("headers of kernel %s in %s name no compiler that can be called: %v", e.Release, e.Dir, e.Wrong)
	}
	return fmt.Sprintf("headers of kernel %s in %s are incomplete: no %s", e.Release, e.Dir, e.Missing)
}

// Finder looks for kernels under a root.
type Finder struct {
	Root           string                   // absolute; "" or "/": the running system
	Dirs           []string                 // further header directories (-k), inside the root
	PackageVersion func(name string) string // dpkg's version of an installed package, "" if it is not; nil knows none
}

const utsrelease = "include/generated/utsrelease.h"

// headerFiles must be there for kbuild to work; Module.symvers too, or modpost could not check a single symbol.
var headerFiles = []string{"Makefile", ".config", "include/generated/autoconf.h", "include/config/auto.conf", "Module.symvers", "scripts/Makefile.build", "scripts/mod/modpost"}

// ValidRelease reports whether a text can be a kernel's release, which becomes a part of paths and package names.
func ValidRelease(release string) bool {
	_, err := word.ParseRelease(release)
	return err == nil
}

// Find gives the kernel of that release, or a *HeadersError.
func (f Finder) Find(release string) (Kernel, error) {
	missing := &HeadersError{Release: release}
	if !ValidRelease(release) {
		return Kernel{}, missing
	}
	for _, dir := range f.candidates(release) {
		found, err := f.ReleaseOf(dir)
		if err != nil && missing.Dir == "" && f.root().Exists(dir) {
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

func (f Finder) root() Rooted { return Under(f.Root) }

var utsRelease = regexp.MustCompile(`(?m)^#define UTS_RELEASE "([^"]+)"`)

// ReleaseOf reads the release that the headers in dir, inside the root, were generated for. Debian's
// include/config/kernel.release holds the upstream version instead, so it comes second.
func (f Finder) ReleaseOf(dir string) (string, error) {
	file := filepath.Join(dir, utsrelease)
	if text, err := f.root().header(dir, utsrelease); err == nil {
		if m := utsRelease.FindSubmatch(text); m != nil {
			return checkedRelease(file, string(m[1]))
		}
	}
	const upstream = "include/config/kernel.release"
	file = filepath.Join(dir, upstream)
	text, err := f.root().header(dir, upstream)
	if err != nil {
		return "", err
	}
	return checkedRelease(file, strings.TrimSpace(string(text)))
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
	host, err := f.root().Host(dir)
	if err != nil {
		return Kernel{}, err
	}
	headers := f.root().Inside(host)
	common, includes, err := f.common(headers)
	if err != nil {
		return Kernel{}, err
	}
	if name := f.firstMissing(headers, common, headerFiles); name != "" {
		return Kernel{}, &HeadersError{Release: release, Dir: headers, Missing: name}
	}
	if err := f.root().checkHeaders(headers); err != nil {
		return Kernel{}, err
	}
	config, err := f.config(headers)
	if err != nil {
		return Kernel{}, err
	}
	if name := f.firstMissing(headers, common, config.programs()); name != "" {
		return Kernel{}, &HeadersError{Release: release, Dir: headers, Missing: name}
	}
	compiler, err := f.compiler(headers, config)
	if err != nil {
		return Kernel{}, &HeadersError{Release: release, Dir: headers, Wrong: err}
	}
	_, machine := config.machine()
	k := Kernel{
		Release:     release,
		Headers:     headers,
		Build:       dir,
		Common:      common,
		ModulesDir:  f.modulesDir(release),
		Compiler:    compiler,
		Arch:        machine,
		Compression: config.compression(),
		Config:      config,
		includes:    includes,
	}
	k.Package, k.Version = f.owner(release)
	_, err = k.Shown(f.Root, "")
	return k, err
}

// common follows headers to their other half, whose Makefile theirs includes by absolute path: Debian's
// linux-headers-*-common, and the source tree of a kernel that was built with O=. It also tells where they name it.
func (f Finder) common(headers string) (dir, from string, err error) {
	text, err := f.root().header(headers, "Makefile")
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", "", err
	}
	number := 0
	for line := range strings.Lines(string(text)) {
		number++
		if path, ok := strings.CutPrefix(strings.TrimSpace(line), "include /"); ok {
			return filepath.Dir("/" + path), fmt.Sprintf("%s, line %d,", filepath.Join(headers, "Makefile"), number), nil
		}
	}
	return "", "", nil
}

// firstMissing is the first file that kbuild needs and does not find, "" where all are there.
func (f Finder) firstMissing(headers, common string, names []string) string {
	for _, name := range names {
		if _, err := f.root().Stat(filepath.Join(headers, name)); err != nil {
			return name
		}
	}
	if common == "" {
		return ""
	}
	if _, err := f.root().Stat(filepath.Join(common, "Makefile")); err != nil {
		return filepath.Join(common, "Makefile")
	}
	return ""
}

// owner is the Debian package that a kernel's headers, or else its image, came in, and the version of it.
func (f Finder) owner(release string) (name, version string) {
	if f.PackageVersion == nil {
		return "", release
	}
	for _, name := range []string{"linux-headers-" + release, "linux-image-" + release} {
		if v := f.PackageVersion(name); v != "" {
			return name, v
		}
	}
	return "", release
}

// modulesDir asks dpkg's file lists where this kernel's packages put their modules; Debian 13 ships them under /usr.
func (f Finder) modulesDir(release string) string {
	const usr = "/usr/lib/modules/"
	for _, name := range []string{"linux-image-" + release, "linux-headers-" + release} {
		list, err := f.root().Read("/var/lib/dpkg/info/" + name + ".list")
		if err == nil && strings.Contains("\n"+string(list), "\n"+usr+release+"\n") {
			return usr + release
		}
	}
	return "/lib/modules/" + release
}

func (f Finder) config(headers string) (Config, error) {
	text, err := f.root().header(headers, ".config")
	if err != nil {
		return nil, err
	}
	return readConfig(text), nil
}

func readConfig(text []byte) Config {
	config := Config{}
	for line := range strings.Lines(string(text)) {
		name, value, ok := strings.Cut(strings.TrimSpace(line), "=")
		if ok && strings.HasPrefix(name, "CONFIG_") {
			config[name] = strings.Trim(value, `"`)
		}
	}
	return config
}

func (c Config) compression() codec.Format {
	for option, format := range map[string]codec.Format{
		"CONFIG_MODULE_COMPRESS_GZIP": codec.Gzip,
		"CONFIG_MODULE_COMPRESS_XZ":   codec.XZ,
		"CONFIG_MODULE_COMPRESS_ZSTD": codec.Zstd,
	} {
		if c[option] == "y" {
			return format
		}
	}
	return codec.None
}
