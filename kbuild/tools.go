package kbuild

import (
	"path/filepath"
	"regexp"

	"mago/debpkg/codec"
)

// MissingTools lists what has to be installed under root before a kernel's modules can be compiled.
func MissingTools(root string, k Kernel) []*ToolError {
	compiler := k.Compiler
	if compiler == "" {
		compiler = "gcc"
	}
	tools := []*ToolError{
		{compiler, compilerPackage(compiler), "kernel " + k.Release + " was built with it"},
		{"make", "make", "modules are built with it"},
		{"strip", "binutils", "modules are stripped with it"},
	}
	tools = append(tools, k.toolchain()...)
	if k.Config["CONFIG_DEBUG_INFO_BTF_MODULES"] == "y" && newRooted(root).exists(filepath.Join(k.Headers, "vmlinux")) {
		tools = append(tools, &ToolError{"pahole", "pahole", "kernel " + k.Release + " has type information, and gives it to modules"})
	}
	if k.Compression == codec.XZ {
		tools = append(tools, &ToolError{"xz", "xz-utils", "the modules of kernel " + k.Release + " are compressed with it"})
	}
	var missing []*ToolError
	for _, t := range tools {
		if !HasTool(root, t.Tool) {
			missing = append(missing, t)
		}
	}
	return missing
}

// programDirs are the places that the build's PATH names.
var programDirs = []string{"/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"}

// HasTool looks for a program in those places.
func HasTool(root, name string) bool {
	for _, dir := range programDirs {
		info, err := newRooted(root).stat(dir + "/" + name)
		if err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0 {
			return true
		}
	}
	return false
}

var hostTriplet = regexp.MustCompile(`^(?:x86_64|i686|aarch64|arm|powerpc64le|s390x|riscv64)-linux-gnu(?:eabihf)?-(gcc.*|clang.*)$`)

// compilerPackage is the Debian package of a compiler: gcc-12 is in gcc-12, and so is x86_64-linux-gnu-gcc-12.
func compilerPackage(compiler string) string {
	if m := hostTriplet.FindStringSubmatch(compiler); m != nil {
		return m[1]
	}
	return compiler
}
