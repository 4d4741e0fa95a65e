package recipe

import (
	"errors"
	"strings"
	"testing"

	"mago/kbuild/dkms"
)

func TestKernelsOwn(t *testing.T) {
	for line, want := range map[string]bool{
		"  SYNC    include/config/auto.conf.cmd":                                             true,
		"make: *** [/usr/src/k/Makefile:809: include/config/auto.conf.cmd] Error 2":          true,
		"make[1]: *** [/usr/src/k/Makefile:650: scripts_basic] Error 2":                      true,
		"make[2]: *** [/usr/src/k/scripts/Makefile.build:250: /var/lib/dkms/a/a.o] Error 1":  false,
		"ERROR: Kernel configuration is invalid: include/config/auto.conf is missing":        false,
		"make: *** [/usr/src/k/Makefile:2012: /var/lib/dkms/a/1/build] Error 2":              false,
		"a.c:1:1: error: SYNC include/config/auto.conf: scripts_basic] Error 1 of its own":   false,
		"make[1]: Entering directory '/usr/src/linux-headers-6.1.0-56-amd64/include/config'": false,
	} {
		var w progressWriter
		w.line([]byte(line))
		if w.kernels != want {
			t.Errorf("%s: got %v", line, w.kernels)
		}
	}
}

func TestBranches(t *testing.T) {
	for text, want := range map[string]bool{
		"ifneq ($(KERNELRELEASE),)\n":         true,
		"ifeq (${KERNELRELEASE},)\n":          true,
		"  ifneq \"$(KERNELRELEASE)\" \"\"\n": true,
		"ifdef KERNELRELEASE\n":               true,
		"ifndef KERNELRELEASE # by hand\n":    true,
		"ifdef KERNELRELEASES\n":              false,
		"KVER ?= $(KERNELRELEASE)\n":          false,
		"all:\n\techo $(KERNELRELEASE)\n":     false,
		"ifeq ($(KERNELRELEASE_OF_MINE),)\n":  false,
	} {
		if got := branches().MatchString(text); got != want {
			t.Errorf("%q: got %v", text, got)
		}
	}
	for message, want := range map[string]bool{
		"make: *** No targets.  Stop.":                                   true,
		"make: *** No rule to make target 'all'.  Stop.":                 true,
		"make[1]: *** No rule to make target 'a.c', needed by 'a.o'.":    false,
		"make: *** No rule to make target '/usr/src/x/Makefile'.  Stop.": false,
	} {
		if got := noTarget().MatchString(message); got != want {
			t.Errorf("%q: got %v", message, got)
		}
	}
}

// TestExplainBranch: KERNELRELEASE is the reason where MAKE has given nothing, and for no other fault of a recipe.
func TestExplainBranch(t *testing.T) {
	w := workspaceIn(t, tree{"b/Makefile": "ifneq ($(KERNELRELEASE),)\nobj-m := a.o\nendif\n"}.write(t, t.TempDir()))
	conf, err := dkms.Parse([]byte(strings.ReplaceAll("mago-begin-of-conf|PACKAGE_NAME|0|a|PACKAGE_VERSION|0|1|MAKE|0|make|mago-end-of-conf|", "|", "\x00")))
	if err != nil {
		t.Fatal(err)
	}
	b := &dkmsBuild{steps: w.in("b"), conf: conf}
	for want, err := range map[CauseKind]error{
		CauseBranch: b.unkept("b/a.ko", nil, nil),
		"":          b.unkept("b/a.ko", nil, []string{"b/c.ko"}),
	} {
		var compile *CompileError
		if got := b.explainBranch(err); errors.As(got, &compile) != (want != "") || compile != nil && compile.Cause.Kind != want {
			t.Errorf("%v: got %v", err, got)
		}
	}
}
