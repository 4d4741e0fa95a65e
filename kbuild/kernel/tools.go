package kernel

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"mago/debpkg/codec"
	"mago/debpkg/lazy"
	"mago/debpkg/rooted"
	"mago/debpkg/word"
	"mago/kbuild/sandbox"
)

// ToolError says that a program which the build needs is not installed.
type ToolError struct {
	Tool    word.Program
	Package word.Package // that has it in Debian; none where no package could be called so
	Why     string
}

// NewToolError is for names that are words; a package that cannot be one is left out.
func NewToolError(tool, pkg, why string) *ToolError {
	name, err := word.ParsePackage(pkg)
	if err != nil {
		name = word.Package{}
	}
	return &ToolError{word.Must(word.ParseProgram(tool)), name, why}
}

func (e *ToolError) Error() string { return fmt.Sprintf("no %s: %s", e.Tool, e.Why) }

// MissingTools lists what has to be installed under root before a kernel's modules can be compiled.
func MissingTools(root string, k Kernel) []*ToolError {
	return slices.DeleteFunc(Tools(root, k), func(t *ToolError) bool { return HasTool(root, t.Tool.String()) || k.Opened().brings(t.Tool.String()) })
}

// ToolPackages names the Debian packages of what a kernel's modules are compiled with.
func ToolPackages(root string, k Kernel) []word.Package {
	var packages []word.Package
	for _, t := range Tools(root, k) {
		if !t.Package.IsZero() {
			packages = append(packages, t.Package)
		}
	}
	return packages
}

// Tools lists the programs that a kernel's modules are compiled with, as the errors that they are where they are missing.
func Tools(root string, k Kernel) []*ToolError {
	compiler := cmp.Or(k.Compiler.String(), "gcc")
	all := []*ToolError{
		NewToolError(compiler, compilerPackage(compiler), "kernel "+k.Release+" was built with it"),
		NewToolError("make", "make", "modules are built with it"),
		NewToolError("strip", "binutils", "modules are stripped with it"),
	}
	all = append(all, k.toolchain()...)
	if k.givesTypes() {
		all = append(all, NewToolError("pahole", "pahole", "kernel "+k.Release+" has type information, and gives it to modules"))
	}
	if k.Compression == codec.XZ {
		all = append(all, NewToolError("xz", "xz-utils", "the modules of kernel "+k.Release+" are compressed with it"))
	}
	return all
}

// givesTypes reports whether kbuild makes type information of modules, which takes that of the kernel.
func (k Kernel) givesTypes() bool {
	return k.Config()["CONFIG_DEBUG_INFO_BTF_MODULES"] == "y" && k.headers.has("vmlinux")
}

// NeedsDebugging reports whether kbuild reads the debugging symbols of what it compiles: for type information, or for the CRCs of
// exported symbols (the kernel's Documentation/kbuild/gendwarfksyms.rst).
func (k Kernel) NeedsDebugging() bool {
	return k.givesTypes() || k.Config()["CONFIG_GENDWARFKSYMS"] == "y"
}

// MostTools lists the programs that Tools may list of a kernel with that compiler, whatever its configuration.
func MostTools(compiler string) []*ToolError {
	const why = "a kernel may ask for it"
	all := []*ToolError{NewToolError(compiler, compilerPackage(compiler), why)}
	suffix := strings.TrimPrefix(compiler, "clang")
	for _, tool := range [][2]string{{"make", "make"}, {"strip", "binutils"}, {"ld.lld" + suffix, "lld" + suffix}, {"llvm-objcopy" + suffix, "llvm" + suffix}, {"pahole", "pahole"}, {"xz", "xz-utils"}} {
		if _, err := word.ParseProgram(tool[0]); err == nil {
			all = append(all, NewToolError(tool[0], tool[1], why))
		}
	}
	return all
}

// HasTool reports whether a program is in a directory of a sandbox's PATH.
func HasTool(root, name string) bool { return FindTool(root, name) != "" }

// FindTool is the path, inside root, that a program has in a sandbox's PATH; "" where it has none.
func FindTool(root, name string) string {
	for _, dir := range sandbox.ProgramDirs {
		info, err := rooted.Root(root).Stat(dir + "/" + name)
		if err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0 {
			return dir + "/" + name
		}
	}
	return ""
}

var hostTriplet = lazy.Regexp(`^(?:x86_64|i686|aarch64|arm|powerpc64le|s390x|riscv64)-linux-gnu(?:eabihf)?-(gcc.*|clang.*)$`)

// compilerPackage is the Debian package of a compiler: gcc-12 is in gcc-12, and so is x86_64-linux-gnu-gcc-12.
func compilerPackage(compiler string) string {
	if m := hostTriplet().FindStringSubmatch(compiler); m != nil {
		return m[1]
	}
	return compiler
}
