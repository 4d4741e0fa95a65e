package kernel

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"mago/debpkg/lazy"
	"mago/debpkg/word"
	"mago/kbuild/sandbox"
)

var (
	variableCC  = lazy.Regexp(`(?m)^(?:override )?CC\s*:?=.*?([\w.+-]+)\s*$`)
	llvmSuffix  = lazy.Regexp(`^(?:-[0-9]{1,3})?$`)
	crossPrefix = lazy.Regexp(`^[\w-]+-linux-(?:gnu|musl)\w*-`)
)

// choice is the compiler that a kernel's modules are compiled with.
type choice struct {
	name   string
	wanted string // the compiler that the kernel was built with, where that is not here and another one is chosen; else ""
	told   bool   // whether make has to be told

	insists bool // whether the headers themselves name it
}

// compiler chooses the one that a kernel was built with. Debian's headers name it in .kernelvariables, which their Makefile
// follows whatever else is set; of others the configuration tells, and where it is not here the system's own compiles.
func (f Finder) compiler(h headers, config Config) choice {
	if name := headersCompiler(h, config); name != "" {
		return choice{name: name, insists: true}
	}
	names, own := config.compilers(), "gcc"
	if config.clang() {
		own = "clang"
	}
	version := f.version(own)
	for _, name := range names {
		if _, err := word.ParseProgram(name); err != nil {
			return choice{name: name} // which the caller tells
		}
		of := cmp.Or(versionIn(name), f.version(name))
		fits := of == config.version() || config.version() == "" || of == "" && name != own
		if HasTool(f.Root, name) && fits {
			return choice{name: name, told: name != own && (of == "" || of != version)}
		}
	}
	last := names[len(names)-1]
	switch {
	case !HasTool(f.Root, own):
		return choice{name: last, told: last != own}
	case version == "" || versionIn(last) == "" || version == versionIn(last):
		return choice{name: own}
	}
	return choice{name: own, wanted: last}
}

// headersCompiler is the one that .kernelvariables names, "" where it names none.
func headersCompiler(h headers, config Config) string {
	text, err := h.read(".kernelvariables")
	if err != nil {
		return ""
	}
	m := variableCC().FindSubmatch(text)
	if m == nil {
		return ""
	}
	name := string(m[1])
	if _, err := word.ParseProgram(name); err != nil {
		return name // which no prefix makes one
	}
	prefix := crossPrefix().FindString(config.compilers()[0])
	return prefix + strings.TrimPrefix(name, prefix)
}

var (
	versionSuffix = lazy.Regexp(`-([0-9]{1,3}(?:\.[0-9]+)?)$`)
	llvmDir       = lazy.Regexp(`/llvm-([0-9]{1,3})/`)
)

// versionIn is the version that a compiler is called by.
func versionIn(name string) string {
	if m := versionSuffix().FindStringSubmatch(name); m != nil {
		return m[1]
	}
	return ""
}

// version is that of a compiler that is here, as Debian's links tell; "" where they do not.
func (f Finder) version(name string) string {
	for _, dir := range sandbox.ProgramDirs {
		resolved, _, err := f.root().Resolve(dir + "/" + name)
		if _, missing := f.root().Stat(dir + "/" + name); err != nil || missing != nil {
			continue
		}
		if m := llvmDir().FindStringSubmatch(resolved); m != nil {
			return m[1]
		}
		return versionIn(resolved)
	}
	return ""
}

// compilers are the names of the one that a kernel was configured for: the first word of what it said of itself, that without
// the prefix of this machine's, and as Debian calls that version. clang's first word is a vendor's.
func (c Config) compilers() []string {
	name, _, _ := strings.Cut(c["CONFIG_CC_VERSION_TEXT"], " ")
	version := ""
	if v := c.version(); v != "" {
		version = "gcc-" + v
	}
	switch {
	case c.clang():
		return []string{"clang" + c.major("CONFIG_CLANG_VERSION")}
	case name == "" && version == "":
		return []string{"gcc"}
	}
	names := []string{name, compilerPackage(name), version}
	return slices.Compact(slices.DeleteFunc(names, func(n string) bool { return n == "" }))
}

// version is that of the compiler that a kernel was configured for, as it is in the names of Debian's packages; "" where that is
// not told.
func (c Config) version() string {
	if c.clang() {
		return strings.TrimPrefix(c.major("CONFIG_CLANG_VERSION"), "-")
	}
	version, err := strconv.Atoi(c["CONFIG_GCC_VERSION"])
	name, _, _ := strings.Cut(c["CONFIG_CC_VERSION_TEXT"], " ")
	switch {
	case err != nil || version < 10000:
		return versionIn(name)
	case version < 50000: // gcc-4.9
		return fmt.Sprintf("%d.%d", version/10000, version/100%100)
	}
	return strconv.Itoa(version / 10000)
}

func (c Config) clang() bool { return c["CONFIG_CC_IS_CLANG"] == "y" }

func (c Config) lld() bool { return c["CONFIG_LD_IS_LLD"] == "y" }

// major is the suffix of a versioned LLVM program: "-19" for 190107, "" for none.
func (c Config) major(option string) string {
	if version, err := strconv.Atoi(c[option]); err == nil && version >= 10000 {
		return "-" + strconv.Itoa(version/10000)
	}
	return ""
}

// llvm is the suffix of this kernel's LLVM programs, as its compiler has it or else its configuration.
func (k Kernel) llvm() string {
	if suffix, ok := strings.CutPrefix(k.Compiler.String(), "clang"); ok && llvmSuffix().MatchString(suffix) {
		return suffix
	}
	return k.Config().major("CONFIG_LLD_VERSION")
}

// Toolchain is what make's command line must say of a kernel's compiler: nothing for the gcc that the headers name themselves or
// that make calls by itself, else as the kernel's Documentation/kbuild/llvm.rst has it.
func (k Kernel) Toolchain() []string {
	var args []string
	switch {
	case k.Config().clang() && k.Config().lld():
		if suffix := k.llvm(); suffix != "" {
			return []string{"LLVM=" + suffix}
		}
		return []string{"LLVM=1"}
	case k.Config().clang() || k.told:
		args = append(args, "CC="+k.Compiler.String())
	}
	if k.Config().lld() && !k.Config().clang() {
		args = append(args, "LD=ld.lld"+k.llvm())
	}
	return args
}

// Otherwise is the system's own compiler; ok reports whether it may serve in the place of the one that the kernel was built with,
// because the headers do not insist on that.
func (k Kernel) Otherwise() (compiler string, ok bool) {
	if k.Config().clang() {
		return "clang", k.told
	}
	return "gcc", k.told
}

// toolchain lists the programs that Toolchain makes kbuild call, but for the compiler.
func (k Kernel) toolchain() []*ToolError {
	if !k.Config().lld() {
		return nil
	}
	suffix, why := k.llvm(), "kernel "+k.Release+" was built with it"
	tools := []*ToolError{NewToolError("ld.lld"+suffix, "lld"+suffix, why)}
	if k.Config().clang() {
		tools = append(tools, NewToolError("llvm-objcopy"+suffix, "llvm"+suffix, why))
	}
	return tools
}

// plugins pairs what a configuration calls a plugin of gcc with its name in scripts/gcc-plugins (Makefile.gcc-plugins).
var plugins = []struct{ option, name string }{
	{"LATENT_ENTROPY", "latent_entropy"}, {"STRUCTLEAK", "structleak"}, {"STACKLEAK", "stackleak"}, {"RANDSTRUCT", "randomize_layout"},
	{"SANCOV", "sancov"}, {"CYC_COMPLEXITY", "cyc_complexity"}, {"ARM_SSP_PER_TASK", "arm_ssp_per_task"},
}

// programs lists what a configuration has the compilation call among the headers themselves.
func (c Config) programs() []string {
	var files []string
	if c["CONFIG_OBJTOOL"] == "y" {
		files = append(files, "tools/objtool/objtool")
	}
	for _, p := range plugins {
		if c["CONFIG_GCC_PLUGINS"] == "y" && c["CONFIG_GCC_PLUGIN_"+p.option] == "y" {
			files = append(files, "scripts/gcc-plugins/"+p.name+"_plugin.so")
		}
	}
	return files
}
