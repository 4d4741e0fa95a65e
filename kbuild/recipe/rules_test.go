package recipe

import (
	"errors"
	"path/filepath"
	"slices"
	"testing"

	"mago/debpkg/word"
	"mago/kbuild/kernel"
)

// TestRulesNeedTools: what the rules call is looked for before anything is copied.
func TestRulesNeedTools(t *testing.T) {
	root := tree{"usr/bin/fakeroot+": ""}.write(t, t.TempDir())
	for dir, want := range map[string]string{t.TempDir(): "fakeroot", root: "debhelper"} {
		w := &Workspace{Host: Host{Root: dir}}
		_, err := debianRules{[]byte("kdist_image:\n\tdh_testdir\n")}.Run(t.Context(), w)
		var tool *kernel.ToolError
		if !errors.As(err, &tool) || tool.Package.String() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

// TestRulesToolchain: kbuild takes a compiler from make's command line, not from the environment.
func TestRulesToolchain(t *testing.T) {
	k := kernel.Kernel{Release: "6.1", Compiler: word.Must(word.ParseProgram("clang-19"))}.WithConfig(kernel.Config{"CONFIG_CC_IS_CLANG": "y"})
	args := rulesCommand(&Workspace{Job: Job{Kernel: k}})
	if i := slices.Index(args, "make"); i < 0 || !slices.Contains(args[i:], "CC=clang-19") {
		t.Errorf("got %q", args)
	}
}

// TestRulesBeforeConf: in modules/<name> the rules of a module-assistant tarball come before the dkms.conf in it.
func TestRulesBeforeConf(t *testing.T) {
	files := tree{"debian/rules": "binary-modules:\n", "dkms.conf": "", "Makefile": ""}
	for dir, want := range map[string]string{"modules/x": "debian/rules", "src/x": "dkms.conf"} {
		file, err := File(Source{Dir: files.write(t, filepath.Join(t.TempDir(), dir))})
		if file != want || err != nil {
			t.Errorf("in %s: got %q, %v", dir, file, err)
		}
	}
}
