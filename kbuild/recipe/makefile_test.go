package recipe

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"mago/debpkg/word"
	"mago/kbuild/kernel"
)

func TestParseMakefile(t *testing.T) {
	for text, want := range map[string]string{
		"obj-m := a.o\n":                                      "sets",
		"\tobj-m += a.o\nexport obj-y=b/\n":                   "sets",
		"obj-$(CONFIG_A) := a.o\n":                            "sets",
		"obj-m-list := a.o\n# obj-m := a.o\nfoobj-m := a.o\n": "",
		"all: a b\n\techo\nA := b\nB ::= c\nall: c\n":         "[all]<-[a b]! [all]<-[c]",
		"all: a \\\n  b; echo\n":                              "[all]<-[a b]!",
		"all::\r\n\techo\r\n":                                 "[all]<-[]!",
		".PHONY: x\n%.o: %.c\nall clean: CFLAGS=-O1\nifneq ($(shell a: b),)\n-include x: y\n": "",
		"$(T).ko: $(T).c\n":                         "[$(T).ko]<-[$(T).c]",
		"m:\n\tmake -C $(K) CONFIG_A=m modules\n":   "tells [m]<-[]!",
		"m:\n\tmake -C $(K) EXTRA_CFLAGS=\"-I.\"\n": "tells [m]<-[]!",
		"m:\n\tmake -C $(K) M=$(PWD) CONFIG_A= x\n": "[m]<-[]!",
	} {
		m := parseMakefile(text)
		var got []string
		for word, is := range map[string]bool{"sets": m.sets, "tells": m.tells} {
			if is {
				got = append(got, word)
			}
		}
		for _, r := range m.rules {
			got = append(got, fmt.Sprintf("%v<-%v%s", r.targets, r.needs, map[bool]string{true: "!"}[r.acts]))
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}

func TestPlanAttempts(t *testing.T) {
	const objects, rules = "obj-m := a.o\n", "all:\n\tmake -C $(KDIR)\n"
	for name, test := range map[string]struct {
		files tree
		want  string
	}{
		"plain":               {tree{"Makefile": objects}, "kbuild:."},
		"Kbuild alone":        {tree{"Kbuild": objects}, "kbuild:."},
		"only to clean":       {tree{"Makefile": objects + "clean:\n"}, "kbuild:."},
		"drives itself":       {tree{"Makefile": objects + rules}, "kbuild:. make"},
		"modules":             {tree{"Makefile": objects + "all: modules\nmodules:\n\tmake\n"}, "kbuild:. make modules"},
		"modules first":       {tree{"Makefile": objects + "modules clean:\n\tmake\n"}, "kbuild:. make modules"},
		"more than modules":   {tree{"Makefile": objects + "all: header.h modules\nmodules:\n\tmake\n"}, "kbuild:. make modules make-1"},
		"tells kbuild more":   {tree{"Makefile": objects + "all:\n\tmake -C $(KDIR) CONFIG_A=m\n"}, "make kbuild:."},
		"Kbuild and Makefile": {tree{"Kbuild": objects, "Makefile": rules}, "kbuild:. make"},
		"recurses":            {tree{"Makefile": rules, "src/Kbuild": objects, "doc/Makefile": "all:\n"}, "kbuild:src make kbuild:."},
		"recurses with more":  {tree{"Makefile": "all:\n\tmake -C src CONFIG_A=m\n", "src/Kbuild": objects}, "make kbuild:src kbuild:."},
		"two directories":     {tree{"Makefile": rules, "a/Kbuild": objects, "b/Makefile": objects}, "make kbuild:."},
		"nothing to see":      {tree{"Makefile": "include x.mk\n"}, "kbuild:."},
		"link out":            {tree{"Makefile": "-> /etc/passwd", "Kbuild": objects, "src/Kbuild": "-> /etc/passwd"}, "kbuild:."},
	} {
		t.Run(name, func(t *testing.T) {
			source, err := os.OpenRoot(test.files.write(t, t.TempDir()))
			if err != nil {
				t.Fatal(err)
			}
			defer source.Close()
			var got []string
			for _, a := range planAttempts(source, 4) {
				word := map[string]string{"Kbuild": "kbuild:" + a.dir, "Makefile": strings.TrimSpace("make " + a.goal)}[a.by]
				if a.jobs != 4 {
					word += fmt.Sprint("-", a.jobs)
				}
				got = append(got, word)
			}
			if strings.Join(got, " ") != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}

func TestKernelVariables(t *testing.T) {
	k := kernel.Kernel{Release: "6.1.0-own", Headers: "/usr/src/h", Build: "/lib/modules/6.1.0-own/build"}
	for text, want := range map[string]string{
		"KDIR := /lib/modules/$(shell uname -r)/build\nall:\n\tmake -C $(KDIR)": "KDIR=" + k.Build,
		"all:\n\tmake -C ${KERNELDIR} V=$(KVER)":                                "KERNELDIR=" + k.Build + " KVER=6.1.0-own",
		"ifndef KERNEL_SRC\nendif":                                              "KERNEL_SRC=" + k.Build,
		"KSRC ?= $(PWD)/kernel\nX = $(KSRC)":                                    "",
		"KSRC = src/kernel\nX = $(KSRC)":                                        "",
		"KVER = $(shell uname -r | cut -d. -f1)\nX = $(KVER)":                   "",
		"KERNEL_VERSION := $(word 1,$(X))\nX = $(KERNEL_VERSION)":               "",
		"KDIR := /x\n": "", // never read
		"X = $(KERNELRELEASE) $(KERNELVERSION) $(PWD)": "",
	} {
		if got := strings.Join(kernelVariables(k, []*makefile{parseMakefile(text)}), " "); got != want {
			t.Errorf("%q: got %s, want %s", text, got, want)
		}
	}
}

func TestMakefiles(t *testing.T) {
	files := tree{"Makefile": "top", "a/Kbuild": "", "a/b/x.mk": "", "a/c.c": "", "a/Makefile/": "", "z/GNUmakefile": strings.Repeat("x", makefileMax+1)}
	source, err := os.OpenRoot(files.write(t, t.TempDir()))
	if err != nil {
		t.Fatal(err)
	}
	defer source.Close()
	var sizes []int
	for _, m := range makefiles(source) {
		sizes = append(sizes, len(m.text))
	}
	if want := []int{3, 0, 0, makefileMax}; !slices.Equal(sizes, want) {
		t.Errorf("got %v, want %v", sizes, want)
	}
}

func FuzzParseMakefile(f *testing.F) {
	f.Add("all: a b\n\techo $(KDIR)\nobj-m := a.o\n")
	f.Fuzz(func(t *testing.T, text string) {
		m := parseMakefile(text)
		for _, r := range m.rules {
			if len(r.targets) == 0 {
				t.Errorf("%q has a rule for nothing", text)
			}
		}
		m.attempts(2)
		kernelVariables(kernel.Kernel{Release: "6.1"}, []*makefile{m})
	})
}

func TestSameBytes(t *testing.T) {
	long := strings.Repeat("x", 64<<10)
	w := workspaceIn(t, tree{"a": long, "b": long, "c": long + "y", "d": long + "z", "e": "", "f": ""}.write(t, filepath.Join(t.TempDir(), "w")))
	for pair, want := range map[string]bool{"ab": true, "ac": false, "ca": false, "cd": false, "ef": true, "ae": false} {
		if got, err := sameBytes(t.Context(), w, pair[:1], pair[1:]); got != want || err != nil {
			t.Errorf("%s: got %v, %v", pair, got, err)
		}
	}
}

// TestToolchainOnTheCommandLine: make is told the kernel's toolchain last, whichever way a directory is built.
func TestToolchainOnTheCommandLine(t *testing.T) {
	clang := kernel.Config{"CONFIG_CC_IS_CLANG": "y", "CONFIG_LD_IS_LLD": "y"}
	k := kernel.Kernel{Compiler: word.Must(word.ParseProgram("clang-19"))}.WithConfig(clang)
	for _, by := range []string{"Kbuild", "Makefile"} {
		if _, args := (attempt{by: by, jobs: 1}).command(k, "/b", nil); args[len(args)-1] != "LLVM=-19" {
			t.Errorf("%s: %q", by, args)
		}
	}
}
