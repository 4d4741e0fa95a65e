package kernel

import (
	"strings"
	"testing"

	"mago/debpkg/codec"
	"mago/debpkg/word"
)

func TestCompilerPackage(t *testing.T) {
	for compiler, want := range map[string]string{
		"gcc": "gcc", "gcc-12": "gcc-12", "clang": "clang", "clang-19": "clang-19",
		"x86_64-linux-gnu-gcc-14": "gcc-14", "aarch64-linux-gnu-gcc-12": "gcc-12", "arm-linux-gnueabihf-gcc-12": "gcc-12",
		"x86_64-linux-gnu-clang": "clang", "sparc64-linux-gnu-gcc-4": "sparc64-linux-gnu-gcc-4",
	} {
		if got := compilerPackage(compiler); got != want {
			t.Errorf("%s is in %s, want %s", compiler, got, want)
		}
	}
}

func TestMissingTools(t *testing.T) {
	root := tree{
		"bin": "-> usr/bin", "usr/bin/gcc-12+": "", "usr/bin/make": "not executable", "usr/bin/strip": "-> /etc/alternatives/strip",
		"etc/alternatives/strip": "-> /usr/bin/x86_64-linux-gnu-strip", "usr/bin/x86_64-linux-gnu-strip+": "", "usr/bin/xz/": "",
	}.write(t, t.TempDir())
	for name, test := range map[string]struct {
		kernel Kernel
		want   string
	}{
		"as the kernel was": {Kernel{Release: "6.1", Compiler: program("gcc-12")}, "make"},
		"another compiler":  {Kernel{Release: "6.1", Compiler: program("x86_64-linux-gnu-gcc-14")}, "gcc-14 make"},
		"unknown compiler":  {Kernel{}, "gcc make"},
		"compressed":        {Kernel{Compiler: program("gcc-12"), Compression: codec.XZ}, "make xz-utils"},
	} {
		t.Run(name, func(t *testing.T) {
			var packages []string
			for _, tool := range MissingTools(root, test.kernel) {
				packages = append(packages, tool.Package.String())
			}
			if got := strings.Join(packages, " "); got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
	if HasTool(t.TempDir(), "gcc") || !HasTool(root+"/", "gcc-12") || HasTool(root, "../../etc/passwd") {
		t.Error("HasTool looks in the wrong places")
	}
}

func program(name string) word.Program { return word.Must(word.ParseProgram(name)) }
