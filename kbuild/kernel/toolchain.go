package kernel

import (
	"regexp"
	"strconv"
	"strings"

	"mago/debpkg/word"
)

var (
	variableCC  = regexp.MustCompile(`(?m)^(?:override )?CC\s*:?=.*?([\w.+-]+)\s*$`)
	llvmSuffix  = regexp.MustCompile(`^(?:-[0-9]{1,3})?$`)
	crossPrefix = regexp.MustCompile(`^[\w-]+-linux-(?:gnu|musl)\w*-`)
)

// compiler names the one that a kernel was built with. Debian's headers say so in .kernelvariables, which their
// Makefile follows whatever else is set; of others the configuration tells. The error is a *word.Error: foreign headers may
// say anything.
func (f Finder) compiler(h headers, config Config) (word.Program, error) {
	return word.ParseProgram(f.compilerName(h, config))
}

func (f Finder) compilerName(h headers, config Config) string {
	if text, err := h.read(".kernelvariables"); err == nil {
		if m := variableCC.FindSubmatch(text); m != nil {
			name := string(m[1])
			if _, err := word.ParseProgram(name); err != nil {
				return name // which no prefix makes one
			}
			prefix := crossPrefix.FindString(config.compiler())
			return prefix + strings.TrimPrefix(name, prefix)
		}
	}
	compiler := config.compiler()
	if compiler != "clang" && config.clang() && !HasTool(f.Root, compiler) && HasTool(f.Root, "clang") {
		return "clang"
	}
	return compiler
}

// compiler is the first word of what the compiler said of itself when the kernel was configured. clang's is a vendor's,
// so that it is named by its version, as Debian names its packages and programs.
func (c Config) compiler() string {
	if c.clang() {
		return "clang" + c.major("CONFIG_CLANG_VERSION")
	}
	name, _, _ := strings.Cut(c["CONFIG_CC_VERSION_TEXT"], " ")
	if name == "" {
		return "gcc"
	}
	return name
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
	if suffix, ok := strings.CutPrefix(k.Compiler.String(), "clang"); ok && llvmSuffix.MatchString(suffix) {
		return suffix
	}
	return k.Config.major("CONFIG_LLD_VERSION")
}

// Toolchain is what make's command line must say of a kernel's compiler: nothing for gcc, which the headers name
// themselves, else as the kernel's Documentation/kbuild/llvm.rst has it.
func (k Kernel) Toolchain() []string {
	switch {
	case k.Config.clang() && k.Config.lld():
		if suffix := k.llvm(); suffix != "" {
			return []string{"LLVM=" + suffix}
		}
		return []string{"LLVM=1"}
	case k.Config.clang():
		return []string{"CC=" + k.Compiler.String()}
	case k.Config.lld():
		return []string{"LD=ld.lld" + k.llvm()}
	}
	return nil
}

// toolchain lists the programs that Toolchain makes kbuild call, but for the compiler.
func (k Kernel) toolchain() []*ToolError {
	if !k.Config.lld() {
		return nil
	}
	suffix, why := k.llvm(), "kernel "+k.Release+" was built with it"
	tools := []*ToolError{NewToolError("ld.lld"+suffix, "lld"+suffix, why)}
	if k.Config.clang() {
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
