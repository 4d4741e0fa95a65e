package kbuild

import (
	"errors"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"mago/kbuild/recipe"
)

// guarded sets obj-m for kbuild alone, and finds the headers by itself.
const guarded = "ifneq ($(KERNELRELEASE),)\nobj-m := hello.o\nelse\nKDIR ?= /lib/modules/$(shell uname -r)/build\nall:\n\t$(MAKE) -C $(KDIR) M=$(CURDIR) modules\nendif\n"

// shapes are module directories as they come, around the same hello.c ("@" in their place).
var shapes = map[string]struct {
	files tree
	by    string
	more  string // a second module
}{
	"guarded":                  {tree{"hello.c": "@", "Makefile": guarded}, "Kbuild", ""},
	"Kbuild below":             {tree{"driver/hello.c": "@", "driver/Kbuild": "obj-m := hello.o\n", "Makefile": "all:\n\tcd tools && ./configure\n"}, "Kbuild", ""},
	"configured from above":    {tree{"src/hello.c": "@", "src/Kbuild": "obj-$(CONFIG_HELLO) := hello.o\n", "Makefile": "KSRC ?= /usr/src/linux\ndefault:\n\t$(MAKE) -C $(KSRC) M=$(CURDIR)/src CONFIG_HELLO=m modules\n"}, "Makefile", ""},
	"configured by export":     {tree{"hello.c": "@", "Makefile": "obj-$(HELLO) := hello.o\nexport HELLO ?= $(FLAG)\nall: FLAG = m\nall:\n\t$(MAKE) -C $(KERNEL_SRC) M=$(CURDIR)\n"}, "Makefile", ""},
	"header made first":        {tree{"hello.c": "#include \"made.h\"\n@", "Makefile": "obj-m := hello.o\nall: made.h build\nmade.h:\n\ttouch $@\nbuild:\n\t$(MAKE) -C $(KERNELDIR) M=$(CURDIR)\n"}, "Makefile", ""},
	"uname, nothing else":      {tree{"hello.c": "@", "Makefile": "obj-$(HELLO) := hello.o\nall:\n\tmake -C /lib/modules/`uname -r`/build M=$(PWD) HELLO=m\n"}, "Makefile", ""},
	"release demanded":         {tree{"hello.c": "@", "Makefile": "ifndef KVER\n$(error KVER is not set)\nendif\nobj-m := hello.o\nall:\n\t$(MAKE) -C /lib/modules/$(KVER)/build M=$(CURDIR)\n"}, "Makefile", ""},
	"first target installs":    {tree{"hello.c": "#include \"made.h\"\n@", "Makefile": "obj-m := hello.o\nall: modules\n\tsudo insmod hello.ko\nmodules:\n\ttouch made.h\n\t$(MAKE) -C $(KDIR) M=$(CURDIR) modules\n"}, "Makefile", ""},
	"header by another target": {tree{"hello.c": "#include \"made.h\"\n@", "Makefile": "obj-m := hello.o\nall: made.h modules\nmade.h:\n\ttouch $@\nmodules:\n\t$(MAKE) -C $(KDIR) M=$(CURDIR) modules\n"}, "Makefile", ""},
	"two directories":          {tree{"a/hello.c": "@", "a/Makefile": guarded, "b/twice.c": "@", "b/Makefile": strings.ReplaceAll(guarded, "hello", "twice"), "Makefile": "all:\n\t$(MAKE) -C a\n\t$(MAKE) -C b\n"}, "Makefile", "twice"},
	"copy beside":              {tree{"a/hello.c": "@", "a/Makefile": "HELLO ?= n\nobj-$(HELLO) := hello.o\n", "Makefile": "all:\n\t$(MAKE) -C $(KERNELDIR) M=$(CURDIR)/a HELLO=m\n\tcp a/hello.ko .\n"}, "Makefile", ""},
}

// shape writes one, with what else the test wants in it.
func shape(t *testing.T, files tree) string {
	t.Helper()
	hello, err := os.ReadFile(modules + "hello/hello.c")
	if err != nil {
		t.Fatal(err)
	}
	whole := maps.Clone(files)
	for name, content := range files {
		if strings.HasSuffix(name, ".c") {
			whole[name] = strings.ReplaceAll(content, "@", string(hello))
		}
	}
	return whole.write(t, filepath.Join(t.TempDir(), "hello"))
}

func TestShapes(t *testing.T) {
	for name, test := range shapes {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			result := b.mustBuild(t, shape(t, test.files))
			var names []string
			for _, m := range result.Modules {
				names = append(names, m.Name)
			}
			if got := strings.Join(names, " "); result.Recipe != test.by || got != strings.TrimSpace("hello "+test.more) {
				t.Errorf("built %s by %s\n%s", got, result.Recipe, b.log.String())
			}
		})
	}
}

// TestShapesOutsideOfModules has the headers where only the variables lead.
func TestShapesOutsideOfModules(t *testing.T) {
	b := newBench(t)
	b.kernel.Build = b.kernel.Headers
	result := b.mustBuild(t, shape(t, shapes["configured from above"].files))
	if result.Recipe != "Makefile" || !strings.Contains(b.log.String(), " KSRC="+b.kernel.Headers+"\n") {
		t.Errorf("built by %s\n%s", result.Recipe, b.log.String())
	}
}

// TestAttemptsFail wants the failure that tells most, and every attempt in the log.
func TestAttemptsFail(t *testing.T) {
	for name, test := range map[string]struct {
		files       tree
		want, tried string
	}{
		"does not compile":  {tree{"hello.c": "@ nonsense", "Makefile": guarded}, "hello.c:", "trying another way"},
		"a step of its own": {tree{"Makefile": "all:\n\tno-such-generator\n"}, "make failed (exit status 2): make: no-such-generator: No such file", "trying another way"},
		"compiled farthest": {tree{"hello.c": "@ nonsense", "Makefile": "obj-m := hello.o\nall:\n\tno-such-generator\n"}, "hello.c:", "no-such-generator"},
		"last of several":   {tree{"hello.c": "#include \"made.h\"\n@ nonsense", "Makefile": "obj-m := hello.o\nall:\n\ttouch made.h\n\t$(MAKE) -C $(KDIR) M=$(CURDIR)\n"}, "hello.c:2", "made.h: No such file"},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			_, err := b.build(t, shape(t, test.files))
			var compile *recipe.CompileError
			if !errors.As(err, &compile) || !strings.Contains(err.Error(), test.want) || !strings.Contains(b.log.String(), test.tried) {
				t.Errorf("got %v\n%s", err, b.log.String())
			}
		})
	}
}
