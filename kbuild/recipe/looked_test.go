package recipe

import (
	"errors"
	"testing"

	"mago/kbuild/kernel"
)

func TestLookedUp(t *testing.T) {
	const noHeader, noRule = "a.c:1:10: fatal error: lib.h: No such file or directory", "make[1]: *** No rule to make target 'r.o', needed by 'r.mod'.  Stop."
	noLib := Cause{Kind: CauseHeader, Thing: "lib.h"}
	module := "[submodule \"lib\"]\n\tpath = lib\n\turl = x\n[submodule \"more\"]\n path = src/more \n"
	for name, test := range map[string]struct {
		files   tree
		message string
		want    Cause
	}{
		"empty submodule":     {tree{"b/.gitmodules": module, "b/lib/": "", "b/src/more/x": ""}, noHeader, Cause{Kind: CauseSubmodule, Thing: "lib"}},
		"absent submodule":    {tree{"b/.gitmodules": module, "b/lib/x": ""}, noRule, Cause{Kind: CauseSubmodule, Thing: "src/more"}},
		"whole submodules":    {tree{"b/.gitmodules": module, "b/lib/x": "", "b/src/more/x": ""}, noHeader, noLib},
		"of no submodule":     {tree{"b/.gitmodules": module}, "a.c:1:1: error: expected ‘;’ before ‘}’ token", Cause{}},
		"a warning":           {tree{"b/.gitmodules": module}, "a.c:1:1: error: no previous prototype for ‘f’ [-Werror=missing-prototypes]", Cause{Kind: CauseWarning, Thing: "-Werror=missing-prototypes"}},
		"out of the source":   {tree{"b/.gitmodules": "[submodule]\npath = ../../x\n"}, noHeader, noLib},
		"Rust":                {tree{"b/r.rs": ""}, noRule, Cause{Kind: CauseRust}},
		"rustc":               {tree{"b/r.rs": ""}, "/bin/sh: 1: rustc: not found", Cause{Kind: CauseRust}},
		"an object of C":      {tree{"b/r.c": ""}, noRule, Cause{}},
		"refused, but not so": {tree{"b/x.sh": ""}, "/bin/sh: 1: ./x.sh: Permission denied", Cause{Kind: CauseExecutable, Thing: "./x.sh"}},
	} {
		dir := test.files.write(t, t.TempDir())
		w := workspaceIn(t, dir)
		w.dir = dir
		if got := w.in("b").lookedUp(test.message, "make", causeOf(test.message)); got != test.want {
			t.Errorf("%s: got %+v, want %+v", name, got, test.want)
		}
	}
	w := workspaceIn(t, tree{"b/r.rs": ""}.write(t, t.TempDir()))
	w.Job.Kernel = w.Job.Kernel.WithConfig(kernel.Config{"CONFIG_RUST": "y"})
	if got := w.in("b").lookedUp("/bin/sh: 1: rustc: not found", "make", Cause{Kind: CauseProgram}); got.Kind != CauseProgram {
		t.Errorf("with Rust: %+v", got)
	}
}

// TestMixed: what the headers' scripts wrote tells against the headers only where both say of which version they are.
func TestMixed(t *testing.T) {
	const makefile = "# SPDX\nVERSION = 6\nPATCHLEVEL = 16\nSUBLEVEL = 3\n"
	for name, test := range map[string]struct {
		scripts, message string
		want             bool
	}{
		"another's":       {"usr/lib/linux-kbuild-6.1/scripts", "a.mod.c:7:1: error: unknown type name ‘x’", true},
		"another modpost": {"usr/lib/linux-kbuild-6.1/scripts", "ERROR: modpost: Can't open filenames file -: No such file or directory", true},
		"its own":         {"usr/lib/linux-kbuild-6.16.3/scripts", "a.mod.c:7:1: error: unknown type name ‘x’", false},
		"unknown":         {"opt/scripts", "a.mod.c:7:1: error: unknown type name ‘x’", false},
		"the source's":    {"usr/lib/linux-kbuild-6.1/scripts", "a.c:7:1: error: unknown type name ‘x’", false},
	} {
		files := tree{"k/Makefile": makefile, test.scripts + "/Makefile.build": "", test.scripts + "/mod/modpost": "", "k/scripts": "-> /" + test.scripts}
		err := mixed(kernelOf(t, files), test.message)
		if headers := (*kernel.HeadersError)(nil); errors.As(err, &headers) != test.want {
			t.Errorf("%s: %v", name, err)
		}
	}
}
