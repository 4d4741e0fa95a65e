package kbuild

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"mago/debpkg/codec"
	"mago/debpkg/rooted"
	"mago/kbuild/elfmodule"
	"mago/kbuild/kernel"
	"mago/kbuild/proof"
	"mago/kbuild/recipe"
	"mago/kbuild/sandbox"
)

// located prints where it was compiled, which must not tell the sandboxes apart.
const located = `// SPDX-License-Identifier: MIT
#include <linux/module.h>
static int __init hello_init(void) { pr_info("%s\n", __FILE__); return 0; }
module_init(hello_init);
MODULE_DESCRIPTION("Says where it was compiled");
MODULE_LICENSE("Dual MIT/GPL");
`

// TestBuild compiles the same module by both recipes in every kind of sandbox; the bytes are the same.
func TestBuild(t *testing.T) {
	t.Parallel()
	source := with(t, tree{"hello.c": located})
	plain := tree{"hello.c": located, "Makefile": "obj-m := hello.o\n"}.write(t, filepath.Join(t.TempDir(), "hello"))
	var first []byte
	for _, kind := range []sandbox.Kind{sandbox.Bubblewrap, sandbox.Namespaces, sandbox.User} {
		for by, source := range map[string]string{"dkms.conf": source, "Kbuild": plain} {
			t.Run(string(kind)+" "+by, func(t *testing.T) {
				b := newBench(t).in(t, kind)
				result := b.mustBuild(t, source)
				if result.Recipe != by || len(result.Modules) != 1 {
					t.Fatalf("got %+v", result)
				}
				m := result.Modules[0]
				if want := b.kernel.ModulesDir + "/updates/mago/hello.ko"; m.Name != "hello" || m.Path != want || !strings.HasPrefix(m.Vermagic, b.kernel.Release+" ") {
					t.Errorf("got %+v", m)
				}
				data, err := os.ReadFile(m.File)
				if err != nil {
					t.Fatal(err)
				}
				if first == nil {
					first = data
				}
				if !bytes.Equal(first, data) {
					t.Error("the module is another than in the first sandbox")
				}
				if !bytes.Contains(data, []byte(sandbox.WorkDir+"/hello/1.0/build/hello.c")) || bytes.Contains(data, []byte("mago-test-")) {
					t.Error("the module does not tell the path that every sandbox pretends")
				}
			})
		}
	}
}

// TestSharedModules builds the trees of testdata/modules, as they are, and looks at their symbols and parameters.
func TestSharedModules(t *testing.T) {
	t.Parallel()
	for source, by := range map[string]string{"hello": "Kbuild", "hello-dkms": "dkms.conf"} {
		t.Run(source, func(t *testing.T) {
			b := newBench(t)
			var seen []recipe.Progress
			builder := b.builder()
			builder.Event = func(p recipe.Progress) { seen = append(seen, p) }
			result, err := builder.Build(t.Context(), b.job(t, modules+source))
			if err != nil {
				t.Fatalf("%v\n%s", err, b.log.String())
			}
			if result.Recipe != by {
				t.Errorf("built by %s", result.Recipe)
			}
			if want := []recipe.Progress{{Files: 1, File: "hello.o"}, {Files: 2, File: "hello.mod.o"}}; !slices.Equal(seen, want) {
				t.Errorf("it told of %v", seen)
			}
			info := b.modinfo(t, result.Modules[0].File)
			for _, want := range []string{"version:        1.0\n", "license:        Dual MIT/GPL\n", "parm:           whom:Whom to greet (charp)\n"} {
				if !strings.Contains(info, want) {
					t.Errorf("modinfo lacks %q:\n%s", want, info)
				}
			}
			if out, err := exec.Command("readelf", "-S", result.Modules[0].File).Output(); err != nil || bytes.Contains(out, []byte(".debug_info")) {
				t.Errorf("debugging symbols are still there, %v", err)
			}
		})
	}
}

// modinfo asks the root's own modinfo(8).
func (b *bench) modinfo(t *testing.T, file string) string {
	t.Helper()
	inside, err := rooted.Root(b.root).Inside(file)
	if err != nil {
		t.Fatal(err)
	}
	args := []string{"/sbin/modinfo", inside}
	if b.root != "/" {
		args = append([]string{"chroot", b.root}, args...)
	}
	out, err := exec.CommandContext(t.Context(), args[0], args[1:]...).CombinedOutput()
	if err != nil {
		t.Fatalf("modinfo: %v: %s", err, out)
	}
	return string(out)
}

// TestCompression reads what was compressed with the usual tools. Debian's modinfo(8) knows no gzip.
func TestCompression(t *testing.T) {
	t.Parallel()
	for format, test := range map[codec.Format]struct {
		suffix string
		tool   string
	}{
		codec.XZ: {".ko.xz", "xz"}, codec.Gzip: {".ko.gz", "gzip"}, codec.Zstd: {".ko.zst", "zstd"},
	} {
		t.Run(test.tool, func(t *testing.T) {
			b := newBench(t)
			b.kernel.Compression = format
			m := b.mustBuild(t, modules+"hello").Modules[0]
			if !strings.HasSuffix(m.Path, "/updates/mago/hello"+test.suffix) || filepath.Base(m.File) != "hello"+test.suffix {
				t.Errorf("got %+v", m)
			}
			if out, err := exec.Command(test.tool, "-t", m.File).CombinedOutput(); err != nil {
				t.Errorf("%s -t: %v: %s", test.tool, err, out)
			}
			plain, err := exec.Command(test.tool, "-dc", m.File).Output()
			if err != nil {
				t.Fatal(err)
			}
			if info, err := elfmodule.Read(bytes.NewReader(plain)); err != nil || info.Vermagic != m.Vermagic {
				t.Errorf("inside there is %+v, %v", info, err)
			}
			if format == codec.Gzip {
				return
			}
			if info := b.modinfo(t, m.File); !strings.Contains(info, "vermagic:       "+b.kernel.Release) {
				t.Errorf("modinfo says %s", info)
			}
		})
	}
}

// TestCompileErrors wants the first real error, with the path that the source's author knows.
func TestCompileErrors(t *testing.T) {
	t.Parallel()
	for source, want := range map[string]string{
		"broken":   "make failed (exit status 2): broken.c:6:16: error: ",
		"nosymbol": `make failed (exit status 2): ERROR: modpost: "mago_symbol_that_no_kernel_exports" [nosymbol.ko] undefined!`,
	} {
		t.Run(source, func(t *testing.T) {
			b := newBench(t)
			_, err := b.build(t, modules+source)
			var compile *recipe.CompileError
			if !errors.As(err, &compile) || !strings.HasPrefix(err.Error(), want) {
				t.Errorf("got  %v\nwant %s…", err, want)
			}
			if !strings.HasPrefix(b.log.String(), "mago: make: make -C ") {
				t.Errorf("the log begins with %.80q", b.log.String())
			}
		})
	}
}

func TestEarlierBuildIsNoResult(t *testing.T) {
	b := newBench(t)
	source := with(t, tree{"hello.ko": "old", "stale.ko": "old", "dkms.conf": "PACKAGE_NAME=hello\nPACKAGE_VERSION=1.0\nMAKE=true\n"})
	_, err := b.build(t, source)
	wantRecipeError(t, err, "it names hello.ko, which the build did not make")
}

func wantRecipeError(t *testing.T, err error, want string) {
	t.Helper()
	var wrong *recipe.Error
	if !errors.As(err, &wrong) || !strings.Contains(err.Error(), want) {
		t.Errorf("got %v, want a RecipeError with %q", err, want)
	}
}

func TestOtherRelease(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.kernel.Release = "6.1.0-999-amd64"
	_, err := b.build(t, modules+"hello")
	var vermagic *proof.VermagicError
	if !errors.As(err, &vermagic) || vermagic.Release != b.kernel.Release || !strings.HasPrefix(err.Error(), "module hello: it was built for kernel ") {
		t.Errorf("got %v", err)
	}
}

func TestNoModule(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	_, err := b.build(t, tree{"Makefile": "all:\n"}.write(t, t.TempDir()))
	wantRecipeError(t, err, "gave no .ko file; does its Makefile set obj-m?")
}

func TestNeedsTools(t *testing.T) {
	_, err := (&Builder{Host: recipe.Host{Root: t.TempDir()}}).Build(t.Context(), Job{Kernel: kernel.Kernel{Compiler: program("gcc-12")}})
	var tool *kernel.ToolError
	if !errors.As(err, &tool) || tool.Package.String() != "gcc-12" {
		t.Errorf("got %v", err)
	}
}

// TestEnvironmentStaysOut: the Makefile fails where it sees what the parent has set, or another compiler than the kernel's.
func TestEnvironmentStaysOut(t *testing.T) {
	for _, name := range []string{"MAKEFLAGS", "CFLAGS", "KCFLAGS", "SECRET", "CC", "ARCH"} {
		t.Setenv(name, "--leaked")
	}
	b := newBench(t)
	makefile := "obj-m := hello.o\n$(if $(findstring leaked,$(shell env)),$(error leaked: $(shell env | grep leaked)))\nall:\n\t$(CC) --version\n"
	source := with(t, tree{"Makefile": makefile, "dkms.conf": "PACKAGE_NAME=hello PACKAGE_VERSION=1.0\nMAKE='make all && make -C $kernel_source_dir M=$dkms_tree/hello/1.0/build'\n"})
	b.mustBuild(t, source)
	if !strings.Contains(b.log.String(), b.kernel.Compiler.String()+" --version") {
		t.Errorf("$(CC) is not the kernel's compiler:\n%s", b.log.String())
	}
}

// TestDebuggingSymbols: none are made that would be stripped at once, but where a module is to keep them or kbuild reads them.
func TestDebuggingSymbols(t *testing.T) {
	for name, test := range map[string]struct {
		directive, makefile, option string
		made                        bool
	}{
		"stripped":      {"", "", "CONFIG_DEBUG_INFO", false},
		"kept":          {"STRIP=no\n", "", "CONFIG_DEBUG_INFO", true},
		"one of two is": {"BUILT_MODULE_NAME[0]=hello BUILT_MODULE_NAME[1]=other STRIP[1]=no\n", "", "CONFIG_DEBUG_INFO", true},
		"read":          {"", "", "CONFIG_GENDWARFKSYMS", true},
		"a default":     {"", "export KCFLAGS ?= -DX\n", "CONFIG_DEBUG_INFO", true},
	} {
		b := newBench(t)
		b.kernel = b.kernel.WithConfig(kernel.Config{test.option: "y"})
		source := with(t, tree{"dkms.conf": "PACKAGE_NAME=hello PACKAGE_VERSION=1.0\n" + test.directive + "MAKE='echo begun; env | grep ^KCF; false'\n", "Makefile": test.makefile + "obj-m := hello.o\n"})
		_, _ = b.build(t, source)
		_, log, begun := strings.Cut(b.log.String(), "\nbegun\n")
		if made := !strings.HasPrefix(log, "KCFLAGS=-g0"); !begun || made != test.made {
			t.Errorf("%s: they are made: %v\n%s", name, made, b.log.String())
		}
	}
}

// TestLogLimit has a recipe that prints without end until it is told to stop; make's error is still found.
func TestLogLimit(t *testing.T) {
	b := newBench(t)
	builder := b.builder()
	builder.LogLimit = 5000
	source := with(t, tree{"dkms.conf": "PACKAGE_NAME=hello PACKAGE_VERSION=1.0\nMAKE='yes mago-flood | head -n 50000; echo a.c:1:1: error: at last; false'\n"})
	_, err := builder.Build(t.Context(), b.job(t, source))
	var compile *recipe.CompileError
	if !errors.As(err, &compile) || compile.Message != "a.c:1:1: error: at last" {
		t.Errorf("got %v", err)
	}
	if log := b.log.String(); len(log) > 5200 || !strings.HasSuffix(log, "\nmago: the log is cut here: the build printed more than 5000 bytes\n") {
		t.Errorf("%d bytes of log, at its end %q", len(log), log[max(0, len(log)-100):])
	}
}

func TestLogThatFails(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	builder := b.builder()
	builder.Log = full{}
	_, err := builder.Build(t.Context(), b.job(t, modules+"hello"))
	if !errors.Is(err, os.ErrClosed) || !strings.HasPrefix(err.Error(), "write the build's log: ") {
		t.Errorf("got %v", err)
	}
}

// TestSourceIsLeftAlone compares the source before and after.
func TestSourceIsLeftAlone(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	source := with(t, nil)
	b.mustBuild(t, source)
	names, err := filepath.Glob(source + "/*")
	if err != nil || len(names) != 3 {
		t.Errorf("the source holds %v, %v", names, err)
	}
}

// TestUnheededError: make is told to go on, and what the recipe promises is not there.
func TestUnheededError(t *testing.T) {
	b := newBench(t)
	_, err := b.build(t, with(t, tree{"dkms.conf": "PACKAGE_NAME=hello PACKAGE_VERSION=1.0\nMAKE='echo a.c:1:1: error: unknown type name x; true'\n"}))
	if want := "MAKE failed: a.c:1:1: error: unknown type name x"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, os.ErrClosed }
