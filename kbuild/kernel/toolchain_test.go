package kernel

import (
	"errors"
	"maps"
	"strings"
	"testing"
)

func TestToolchain(t *testing.T) {
	const lld = "CONFIG_LD_IS_LLD=y\nCONFIG_LLD_VERSION=190107\n"
	const clang = "CONFIG_CC_IS_CLANG=y\nCONFIG_CLANG_VERSION=190107\n"
	for name, test := range map[string]struct {
		config              string
		installed           tree
		compiler, arg, need string
	}{
		"gcc":               {"CONFIG_CC_VERSION_TEXT=\"gcc-12 (Debian) 12\"", nil, "gcc-12", "CC=gcc-12", "gcc-12"},
		"clang and lld":     {clang + lld, nil, "clang-19", "LLVM=-19", "clang-19 lld-19 llvm-19"},
		"installed":         {clang + lld, tree{"usr/bin/clang-19+": "", "usr/bin/clang+": "", "usr/bin/ld.lld-19+": ""}, "clang-19", "LLVM=-19", "llvm-19"},
		"without a suffix":  {clang + lld, tree{"usr/bin/clang+": ""}, "clang", "LLVM=1", "lld llvm"},
		"unknown version":   {"CONFIG_CC_IS_CLANG=y\n" + lld, nil, "clang", "LLVM=1", "clang lld llvm"},
		"clang without lld": {clang, nil, "clang-19", "CC=clang-19", "clang-19"},
		"gcc with lld":      {lld, nil, "gcc", "LD=ld.lld-19", "gcc lld-19"},
	} {
		t.Run(name, func(t *testing.T) {
			files := tree{"usr/bin/make+": "", "usr/bin/strip+": "", arch + ".config": test.config}
			for file, content := range test.installed {
				files[file] = content
			}
			root := bookworm(files).write(t, t.TempDir())
			k, err := Finder{Root: root}.Find(release)
			if err != nil {
				t.Fatal(err)
			}
			var packages []string
			for _, tool := range MissingTools(root, k) {
				packages = append(packages, tool.Package.String())
			}
			arg, need := strings.Join(k.Toolchain(), " "), strings.Join(packages, " ")
			if k.Compiler.String() != test.compiler || arg != test.arg || need != test.need {
				t.Errorf("compiler %s, argument %q, needs %q", k.Compiler, arg, need)
			}
		})
	}
}

// TestCompiler: a kernel's modules are compiled with the compiler that it was built with, by whatever name that is here, else with
// the system's own; make is told of what it would not call by itself.
func TestCompiler(t *testing.T) {
	debian := tree{"usr/bin/gcc": "-> gcc-12", "usr/bin/gcc-12": "-> x86_64-linux-gnu-gcc-12", "usr/bin/x86_64-linux-gnu-gcc-12+": "", "usr/bin/x86_64-linux-gnu-gcc": "-> gcc-12",
		"usr/bin/cc": "-> /etc/alternatives/cc", "etc/alternatives/cc": "-> /usr/bin/gcc", "usr/bin/clang": "-> ../lib/llvm-14/bin/clang", "usr/lib/llvm-14/bin/clang+": ""}
	with := func(names ...string) tree {
		all := maps.Clone(debian)
		for _, name := range names {
			all["usr/bin/"+name+"+"] = ""
		}
		return all
	}
	for _, test := range []struct {
		text, version string
		here          tree
		want          string // the compiler, what was wanted, and what make is told
	}{
		{"gcc (Debian 12.2.0-14) 12.2.0", "120200", debian, "gcc"},
		{"gcc-12 (Debian 12.2.0-14) 12.2.0", "120200", debian, "gcc-12"},
		{"x86_64-linux-gnu-gcc-12 (Ubuntu 12.3.0) 12.3.0", "120300", debian, "x86_64-linux-gnu-gcc-12"},
		{"x86_64-linux-gnu-gcc (Debian 12.2.0-14) 12.2.0", "120200", debian, "x86_64-linux-gnu-gcc"},
		{"cc (Debian 12.2.0-14) 12.2.0", "120200", debian, "cc"},
		{"gcc (Debian 11.3.0-12) 11.3.0", "110300", debian, "gcc wanted gcc-11"},
		{"gcc (Debian 11.3.0-12) 11.3.0", "110300", with("gcc-11"), "gcc-11 CC=gcc-11"},
		{"gcc (GCC) 11.3.0", "110300", with("x86_64-linux-gnu-gcc-11", "gcc-11"), "gcc-11 CC=gcc-11"},
		{"x86_64-linux-gnu-gcc-13 (Ubuntu 13.2.0) 13.2.0", "130200", debian, "gcc wanted gcc-13"},
		{"x86_64-linux-gnu-gcc-13 (Ubuntu 13.2.0) 13.2.0", "130200", with("gcc-13"), "gcc-13 CC=gcc-13"},
		{"aarch64-none-linux-gnu-gcc (Arm 10.3-2021.07) 10.3.1", "100301", debian, "gcc wanted gcc-10"},
		{"x86_64-own-linux-gnu-gcc (crosstool-NG) 10.3.1", "100301", with("x86_64-own-linux-gnu-gcc"), "x86_64-own-linux-gnu-gcc CC=x86_64-own-linux-gnu-gcc"},
		{"gcc (Debian 4.9.2-10) 4.9.2", "40902", with("gcc-4.9"), "gcc-4.9 CC=gcc-4.9"},
		{"", "110300", with("gcc-11"), "gcc-11 CC=gcc-11"},
		{"gcc-11 (Debian) 11", "", debian, "gcc wanted gcc-11"},
		{"gcc (Debian 11.3.0-12) 11.3.0", "110300", tree{"usr/bin/gcc+": ""}, "gcc"},
		{"gcc (Debian 11.3.0-12) 11.3.0", "110300", nil, "gcc-11 CC=gcc-11"},
		{"Debian clang version 14.0.6", "140006", debian, "clang CC=clang"},
		{"Debian clang version 15.0.6", "150006", debian, "clang wanted clang-15 CC=clang"},
		{"Debian clang version 15.0.6", "150006", with("clang-15"), "clang-15 CC=clang-15"},
	} {
		config := "CONFIG_CC_VERSION_TEXT=\"" + test.text + "\"\nCONFIG_GCC_VERSION=" + test.version + "\n"
		if strings.Contains(test.text, "clang") {
			config = "CONFIG_CC_IS_CLANG=y\nCONFIG_GCC_VERSION=0\nCONFIG_CLANG_VERSION=" + test.version + "\n"
		}
		files := bookworm(tree{arch + ".config": config})
		maps.Copy(files, test.here)
		k, err := Finder{Root: files.write(t, t.TempDir())}.Find(release)
		got := k.Compiler.String()
		if k.Wanted != "" {
			got += " wanted " + k.Wanted
		}
		if got = strings.Join(append([]string{got}, k.Toolchain()...), " "); err != nil || got != test.want {
			t.Errorf("%s (%s): got %q, %v, want %q", test.text, test.version, got, err, test.want)
		}
	}
}

// TestCompilerOfHeaders has .kernelvariables as Debian 12 and 13 write it.
func TestCompilerOfHeaders(t *testing.T) {
	const text = "override ARCH = x86\nCCACHE = ccache\nCC = $(if $(DEBIAN_KERNEL_USE_CCACHE),$(CCACHE)) $(CROSS_COMPILE)gcc-12\nDEBIAN_KERNEL_NO_CC_VERSION_CHECK = y\n"
	for configured, want := range map[string]string{
		"gcc-12 (Debian 12.2.0-14) 12.2.0": "gcc-12", "gcc-11 (Debian) 11": "gcc-12", "x86_64-linux-gnu-gcc-12 (Debian) 12": "x86_64-linux-gnu-gcc-12",
	} {
		root := bookworm(tree{arch + ".kernelvariables": text, arch + ".config": "CONFIG_CC_VERSION_TEXT=\"" + configured + "\"\n"}).write(t, t.TempDir())
		if k, err := (Finder{Root: root}).Find(release); err != nil || k.Compiler.String() != want {
			t.Errorf("%s: got %s, %v", configured, k.Compiler, err)
		}
	}
}

func TestFindLacksPrograms(t *testing.T) {
	for option, missing := range map[string]string{
		"CONFIG_OBJTOOL=y": "tools/objtool/objtool",
		"CONFIG_GCC_PLUGINS=y\nCONFIG_GCC_PLUGIN_STACKLEAK=y": "scripts/gcc-plugins/stackleak_plugin.so",
		"CONFIG_GCC_PLUGIN_STACKLEAK=y":                       "",
	} {
		root := bookworm(tree{arch + ".config": option + "\n"}).write(t, t.TempDir())
		_, err := Finder{Root: root}.Find(release)
		var headers *HeadersError
		if errors.As(err, &headers) != (missing != "") || headers != nil && headers.Missing != missing {
			t.Errorf("%s: got %v", option, err)
		}
	}
}

func TestTypeInformation(t *testing.T) {
	const option = "CONFIG_DEBUG_INFO_BTF_MODULES=y\n"
	for vmlinux, want := range map[string]bool{arch + "vmlinux": true, arch + "other": false} {
		root := bookworm(tree{arch + ".config": option, vmlinux: ""}).write(t, t.TempDir())
		k, err := Finder{Root: root}.Find(release)
		if err != nil {
			t.Fatal(err)
		}
		found := false
		for _, tool := range MissingTools(root, k) {
			found = found || tool.Package.String() == "pahole"
		}
		if found != want || k.NeedsDebugging() != want {
			t.Errorf("%s: pahole is needed: %v; debugging symbols are: %v", vmlinux, found, k.NeedsDebugging())
		}
	}
}

// TestNeedsDebugging: CRCs may be made of debugging symbols, as they are from Linux 6.14 on where there is Rust.
func TestNeedsDebugging(t *testing.T) {
	for option, want := range map[string]bool{"CONFIG_GENDWARFKSYMS": true, "CONFIG_GENKSYMS": false} {
		if k := (Kernel{}).WithConfig(Config{option: "y"}); k.NeedsDebugging() != want {
			t.Errorf("%s: %v", option, !want)
		}
	}
}

func TestNative(t *testing.T) {
	for _, test := range []struct{ option, programs, want string }{
		{"CONFIG_X86_64", "amd64", ""}, {"CONFIG_X86_32", "amd64", ""}, {"CONFIG_PPC64", "ppc64le", ""}, {"CONFIG_UNKNOWN", "amd64", ""},
		{"CONFIG_ARM64", "amd64", "kernel 6.1 is for aarch64 (CONFIG_ARM64=y), this machine is amd64: cross-building is not supported"},
		{"CONFIG_X86_64", "arm64", "kernel 6.1 is for x86_64 (CONFIG_X86_64=y), this machine is arm64: cross-building is not supported"},
	} {
		err := Kernel{Release: "6.1"}.WithConfig(Config{test.option: "y"}).native(test.programs)
		if err == nil {
			err = errors.New("")
		}
		if err.Error() != test.want {
			t.Errorf("%s on %s: %v", test.option, test.programs, err)
		}
	}
}
