// Package kbuild compiles out-of-tree modules: it finds a kernel's headers, reads a module's recipe, runs it in a
// closed room (sub-package sandbox) and gives back finished .ko files. Of apt's lists and of packages it knows nothing.
package kbuild

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	securejoin "github.com/cyphar/filepath-securejoin"

	"mago/debpkg/codec"
)

// Kernel is one kernel that modules can be built for. All paths are inside the root it was found in.
type Kernel struct {
	Release     string       // what uname -r prints
	Headers     string       // the build directory, symbolic links resolved
	ModulesDir  string       // the directory that linux-image puts modules under, such as /lib/modules/6.1.0-56-amd64
	Package     string       // Debian package of the headers, "" where no package owns them
	Version     string       // that package's version; the release where there is no package
	Compiler    string       // the compiler it was built with, such as gcc-12
	Arch        string       // machine name as uname -m prints it
	Compression codec.Format // how this kernel's own modules are compressed
	Config      Config
}

// Config holds a kernel's .config: CONFIG_X without quotes; an option that is not set is missing.
type Config map[string]string

// HeadersError says that a kernel cannot be built for: its headers are missing, or a part of them is.
type HeadersError struct {
	Release string
	Dir     string // where they were found, "" where there are none
	Missing string // the file that is not there
}

func (e *HeadersError) Error() string {
	if e.Dir == "" {
		return "no headers for kernel " + e.Release
	}
	return fmt.Sprintf("headers of kernel %s in %s are incomplete: no %s", e.Release, e.Dir, e.Missing)
}

// Finder looks for kernels under a root.
type Finder struct {
	Root           string                   // "" or "/": the running system
	Dirs           []string                 // further header directories (-k), inside the root
	PackageVersion func(name string) string // dpkg's version of an installed package, "" if it is not; nil knows none
}

// headerFiles must be there for kbuild to work; Module.symvers too, or modpost could not check a single symbol.
var headerFiles = []string{"Makefile", ".config", "include/generated/autoconf.h", "include/config/auto.conf", "Module.symvers", "scripts/Makefile.build", "scripts/mod/modpost"}

// Find gives the kernel of that release, or a *HeadersError.
func (f Finder) Find(release string) (Kernel, error) {
	missing := &HeadersError{Release: release}
	for _, dir := range f.candidates(release) {
		host, err := securejoin.SecureJoin(f.root(), dir)
		if err != nil {
			return Kernel{}, err
		}
		if found, err := releaseOf(host); err != nil || found != release {
			if _, err := os.Lstat(filepath.Join(f.root(), dir)); err == nil && missing.Dir == "" {
				missing.Dir, missing.Missing = dir, "include/generated/utsrelease.h"
			}
			continue
		}
		if name := firstMissing(f.root(), host); name != "" {
			return Kernel{}, &HeadersError{Release: release, Dir: f.inside(host), Missing: name}
		}
		return f.kernel(release, host)
	}
	return Kernel{}, missing
}

func (f Finder) candidates(release string) []string {
	return append(append([]string(nil), f.Dirs...), "/lib/modules/"+release+"/build", "/usr/src/linux-headers-"+release)
}

func (f Finder) root() string {
	if f.Root == "" {
		return "/"
	}
	return f.Root
}

func (f Finder) inside(host string) string {
	return "/" + strings.TrimPrefix(strings.TrimPrefix(host, f.root()), "/")
}

var utsRelease = regexp.MustCompile(`(?m)^#define UTS_RELEASE "([^"]+)"`)

// releaseOf reads the release that headers were generated for. Debian's include/config/kernel.release holds the
// upstream version instead, so it comes second.
func releaseOf(headers string) (string, error) {
	text, err := os.ReadFile(filepath.Join(headers, "include/generated/utsrelease.h"))
	if err == nil {
		if m := utsRelease.FindSubmatch(text); m != nil {
			return string(m[1]), nil
		}
	}
	text, err = os.ReadFile(filepath.Join(headers, "include/config/kernel.release"))
	return strings.TrimSpace(string(text)), err
}

// firstMissing also follows Debian's headers to their common half, which their Makefile includes by absolute path.
func firstMissing(root, headers string) string {
	for _, name := range headerFiles {
		path, err := securejoin.SecureJoin(root, strings.TrimPrefix(filepath.Join(headers, name), strings.TrimSuffix(root, "/")))
		if err != nil {
			return name
		}
		if _, err := os.Stat(path); err != nil {
			return name
		}
	}
	text, _ := os.ReadFile(filepath.Join(headers, "Makefile"))
	for line := range strings.Lines(string(text)) {
		if common, ok := strings.CutPrefix(strings.TrimSpace(line), "include /"); ok {
			if _, err := os.Stat(filepath.Join(root, common)); err != nil {
				return "/" + common
			}
		}
	}
	return ""
}

func (f Finder) kernel(release, host string) (Kernel, error) {
	config, err := readConfig(filepath.Join(host, ".config"))
	if err != nil {
		return Kernel{}, err
	}
	k := Kernel{
		Release:     release,
		Headers:     f.inside(host),
		ModulesDir:  f.modulesDir(release),
		Version:     release,
		Compiler:    config.compiler(),
		Arch:        config.machine(),
		Compression: config.compression(),
		Config:      config,
	}
	for _, name := range []string{"linux-headers-" + release, "linux-image-" + release} {
		if v := f.packageVersion(name); v != "" {
			k.Package, k.Version = name, v
			break
		}
	}
	return k, nil
}

func (f Finder) packageVersion(name string) string {
	if f.PackageVersion == nil {
		return ""
	}
	return f.PackageVersion(name)
}

// modulesDir asks dpkg's file lists where this kernel's packages put their modules; Debian 13 ships them under /usr.
func (f Finder) modulesDir(release string) string {
	const usr = "/usr/lib/modules/"
	for _, name := range []string{"linux-image-" + release, "linux-headers-" + release} {
		list, err := os.ReadFile(filepath.Join(f.root(), "/var/lib/dpkg/info", name+".list"))
		if err == nil && strings.Contains(string(list), "\n"+usr+release+"\n") {
			return usr + release
		}
	}
	return "/lib/modules/" + release
}

func readConfig(path string) (Config, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	config := Config{}
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		if name, value, ok := strings.Cut(lines.Text(), "="); ok && strings.HasPrefix(name, "CONFIG_") {
			config[name] = strings.Trim(value, `"`)
		}
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	return config, nil
}

// compiler is the first word of what the compiler said of itself when the kernel was configured.
func (c Config) compiler() string {
	name, _, _ := strings.Cut(c["CONFIG_CC_VERSION_TEXT"], " ")
	if name == "" {
		return "gcc"
	}
	return name
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

var machines = []struct{ option, machine string }{
	{"CONFIG_X86_64", "x86_64"}, {"CONFIG_ARM64", "aarch64"}, {"CONFIG_X86_32", "i686"}, {"CONFIG_PPC64", "ppc64le"},
	{"CONFIG_S390", "s390x"}, {"CONFIG_RISCV", "riscv64"}, {"CONFIG_ARM", "armv7l"}, {"CONFIG_MIPS", "mips64"}, {"CONFIG_LOONGARCH", "loongarch64"},
}

// machine names the architecture as uname -m does on that kernel, which is what dkms.conf calls $arch.
func (c Config) machine() string {
	for _, m := range machines {
		if c[m.option] == "y" {
			return m.machine
		}
	}
	return "unknown"
}
