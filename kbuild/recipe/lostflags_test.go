package recipe

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"mago/kbuild/kernel"
)

// kernelOf is a kernel with headers in /k; files are those that matter.
func kernelOf(t *testing.T, files tree) kernel.Kernel {
	t.Helper()
	all := tree{
		"k/Makefile": "", "k/.config": "", "k/include/generated/autoconf.h": "", "k/include/config/auto.conf": "",
		"k/include/generated/utsrelease.h": "#define UTS_RELEASE \"6.16\"\n", "k/Module.symvers": "0x1\tprintk\tvmlinux\tEXPORT_SYMBOL\t\n",
	}
	maps.Copy(all, files)
	k, err := kernel.Finder{Root: all.write(t, t.TempDir()), Dirs: []string{"/k"}}.Find("6.16")
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// lateKernel is one whose scripts/Makefile.lib has that line.
func lateKernel(t *testing.T, line string) kernel.Kernel {
	t.Helper()
	return kernelOf(t, tree{"k/scripts/mod/modpost": "", "k/scripts/Makefile.build": "", "k/scripts/Makefile.lib": line})
}

func TestLostFlags(t *testing.T) {
	late := lateKernel(t, "c_flags = $(ccflags-y)\n")
	early := lateKernel(t, "ccflags-y += $(EXTRA_CFLAGS)\n")
	for name, test := range map[string]struct {
		makefile, command, want string
		k                       kernel.Kernel
	}{
		"set":                {"EXTRA_CFLAGS += -DX -I $(src)/include -Wall # all\n", "", "-DX -I $(src)/include -Wall", late},
		"of before":          {"EXTRA_CFLAGS += -DX\n", "", "", early},
		"continued":          {"EXTRA_CFLAGS := -DX \\\n\t-DY\nEXTRA_LDFLAGS = -T x.lds\n", "", "-DX -DY -T", late},
		"on a command line":  {"all:\n\t$(MAKE) -C $(K) M=$(PWD) EXTRA_CFLAGS=\"-DX -DY\" modules\n", "", "-DX -DY", late},
		"in the directive":   {"obj-m := x.o\n", "make -C /k EXTRA_CFLAGS+='-DX -I/b/include' modules", "-DX -I/b/include", late},
		"only for debugging": {"ifdef DEBUG\nEXTRA_CFLAGS += -DX\nendif\n", "", "", late},
		"where kbuild reads": {"ifneq ($(KERNELRELEASE),)\nEXTRA_CFLAGS += -DX\nifeq ($(V),1)\nEXTRA_CFLAGS += -DV\nendif\nEXTRA_CFLAGS += -DZ\nelse\nall:\nendif\n", "", "-DX -DZ", late},
		"handed on":          {"EXTRA_CFLAGS += -DX\nccflags-y += $(EXTRA_CFLAGS)\n", "", "", late},
		"to itself":          {"EXTRA_CFLAGS = -DX $(EXTRA_CFLAGS)\nall:\n\t$(MAKE) EXTRA_CFLAGS=\"$(EXTRA_CFLAGS)\"\n", "", "-DX", late},
		"in both":            {"EXTRA_CFLAGS += -DX -DY\nccflags-y += -DX\n", "", "-DY", late},
		"a comment":          {"#EXTRA_CFLAGS += -DX\n#ccflags-y += -DY\nEXTRA_CFLAGS += -DY\n", "", "-DY", late},
		"the new name":       {"ccflags-y += -DX\n", "make ccflags-y=-DY", "", late},
	} {
		w := workspaceIn(t, tree{"b/Makefile": test.makefile}.write(t, t.TempDir()))
		w.Job.Kernel = test.k
		var flags []string
		for _, l := range w.in("b").lostFlags(test.command) {
			flags = append(flags, l.flag)
		}
		if got := strings.Join(flags, " "); got != test.want {
			t.Errorf("%s: got %q, want %q", name, got, test.want)
		}
	}
}

// TestLossBehind: an error comes of a lost flag where that leads to the header that is missing, or defines what the file asks for.
func TestLossBehind(t *testing.T) {
	w := workspaceIn(t, tree{
		"b/Makefile": "EXTRA_CFLAGS += -I$(src)/include -I$(PWD)/../out -DX_FULL=1 -DDEBUG -DA -D\n", "b/include/x.h": "", "out/out.h": "",
		"b/debug.c": "#ifdef DEBUG\nint debug;\n#endif\n",
		"b/full.c":  "#ifndef X_FULL\n#error no\n#endif\n", "b/other.c": "int X_FULLY;\n",
	}.write(t, t.TempDir()))
	w.Job.Kernel = lateKernel(t, "c_flags = $(ccflags-y)\n")
	for message, want := range map[string]string{
		"a.c:1:10: fatal error: x.h: No such file or directory":    "EXTRA_CFLAGS (-I$(src)/include)",
		"a.c:1:10: fatal error: none.h: No such file or directory": "",
		"a.c:1:10: fatal error: out.h: No such file or directory":  "",
		"full.c:2:2: error: #error no":                             "EXTRA_CFLAGS (-DX_FULL=1)",
		"other.c:2:2: error: expected ‘;’ before ‘}’ token":        "",
		"none.c:2:2: error: ‘X_FULL’ undeclared":                   "EXTRA_CFLAGS (-DX_FULL=1)",
		"debug.c:9:2: error: too many arguments to function ‘add’": "",
		"none.c:2:2: error: ‘ADD’ undeclared":                      "",
	} {
		l, ok := w.in("b").lossBehind(message, "")
		if got := l.String(); ok != (want != "") || ok && got != want {
			t.Errorf("%s: got %q, want %q", message, got, want)
		}
	}
}

func TestWarnOfLostFlags(t *testing.T) {
	const makefile = "EXTRA_CFLAGS += -DX -Wno-unused -I$(src) -DIN=$(src)/y -include $(src)/z.h\nEXTRA_LDFLAGS += -T x.lds\n"
	for name, test := range map[string]struct {
		files tree
		want  []string
	}{
		"without": {tree{"b/.x.o.cmd": "savedcmd_x.o := gcc -DY x.c\n"}, []string{
			"EXTRA_CFLAGS (-DX -DIN=$(src)/y -include $(src)/z.h) is ignored since Linux 6.15, and the build went through without: use ccflags-y",
			"EXTRA_LDFLAGS (-T) is ignored since Linux 6.15, and the build went through without: use ldflags-y"}},
		"with": {tree{"b/s/.x.o.cmd": "savedcmd_x.o := gcc -DX -DIN=/b/y x.c\n", "b/.x.ko.cmd": "ld -include /b/z.h -T x.lds\n"}, nil},
		"none": {tree{"b/x.o": ""}, nil},
		"of what was not built": {tree{"b/s/t/.x.o.cmd": "gcc -DX -DIN=/b/y -include /b/z.h -T x.lds\n",
			"b/s/Makefile": "EXTRA_CFLAGS += -DS\n", "b/o/Makefile": "EXTRA_CFLAGS += -DO\n", "b/o/a.mk": "EXTRA_CFLAGS += -DMK\n"},
			[]string{"EXTRA_CFLAGS (-DMK -DS) is ignored since Linux 6.15, and the build went through without: use ccflags-y"}},
	} {
		test.files["b/Makefile"] = makefile
		w := workspaceIn(t, test.files.write(t, t.TempDir()))
		w.Job.Kernel, w.Log = lateKernel(t, "c_flags = $(ccflags-y)\n"), &Log{to: t.Output(), limit: 1 << 10}
		var got []string
		w.Warning = func(text string) { got = append(got, text) }
		w.in("b").warnOfLostFlags(t.Context(), "make")
		if !slices.Equal(got, test.want) {
			t.Errorf("%s: got %q, want %q", name, got, test.want)
		}
	}
}
