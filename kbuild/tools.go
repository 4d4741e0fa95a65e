package kbuild

import (
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

// HasTool looks for a program in the places that the build's PATH names.
func HasTool(root, name string) bool {
	for _, dir := range []string{"/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"} {
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
