package kbuild

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"mago/kbuild/kernel"
	"mago/kbuild/proof"
	"mago/kbuild/sandbox"
)

const (
	offers = "#include <linux/module.h>\nint mago_offered(int x);\nint mago_offered(int x) { return x + 1; }\nEXPORT_SYMBOL_GPL(mago_offered);\nMODULE_DESCRIPTION(\"x\");\nMODULE_LICENSE(\"GPL\");\n"
	takes  = "#include <linux/module.h>\nint mago_offered(int x);\nstatic int __init takes_init(void) { return mago_offered(-1); }\nmodule_init(takes_init);\nMODULE_DESCRIPTION(\"x\");\nMODULE_LICENSE(\"GPL\");\n"
)

// TestNeededModules builds a module that takes a symbol from another: together, apart where modpost is told to only warn,
// and apart with the other one as needed.
func TestNeededModules(t *testing.T) {
	b := newBench(t)
	both := b.mustBuild(t, tree{"offers.c": offers, "takes.c": takes, "Makefile": "obj-m := offers.o takes.o\n"}.write(t, t.TempDir()))
	if both.Symvers == "" || len(both.Uses) > 0 {
		t.Fatalf("got %+v", both)
	}
	source := with(t, tree{"takes.c": takes, "Makefile": "obj-m := takes.o\n", "dkms.conf": "PACKAGE_NAME=takes PACKAGE_VERSION=1\n" +
		"MAKE='make KBUILD_MODPOST_WARN=1 -C $kernel_source_dir M=$dkms_tree/takes/1/build'\n"})
	_, err := b.build(t, source)
	var symbol *proof.SymbolError
	if !errors.As(err, &symbol) || symbol.Module != "takes" || symbol.Symbol != "mago_offered" {
		t.Errorf("got %v", err)
	}
	if !strings.Contains(b.log.String(), "\nmago: module takes would not load: symbol mago_offered ") {
		t.Errorf("the log does not tell")
	}
	exports, err := readSymversFile(os.Open(both.Symvers))
	if err != nil || len(exports) != 1 || exports["mago_offered"].Module != "offers" || exports["mago_offered"].CRC == 0 {
		t.Fatalf("got %+v, %v", exports, err)
	}
	job := b.job(t, source)
	job.Needed = []Needed{{Module: "offering", Name: "offers", Version: "1", Source: Source{Dir: t.TempDir()}, Modules: filepath.Dir(both.Symvers)}}
	result, err := b.builder().Build(t.Context(), job)
	if err != nil || !slices.Equal(result.Uses, []string{"offering"}) {
		t.Errorf("got %+v, %v", result, err)
	}
}

// TestNeededEpoch: KBUILD_EXTRA_SYMBOLS stands among make's prerequisites.
func TestNeededEpoch(t *testing.T) {
	from, kernel := tree{symversFile: "", "a.ko": ""}.write(t, t.TempDir()), kernel.Kernel{Release: "6.1", Arch: "x86_64"}
	job := Job{Kernel: kernel, Work: t.TempDir(), Needed: []Needed{{Name: "a", Version: "1:2.0-1", Source: Source{Dir: from}, Modules: from}}}
	s, err := (&Builder{Sandbox: sandbox.Sandbox{Kind: sandbox.Bubblewrap}}).open(t.Context(), job)
	if err != nil {
		t.Fatal(err)
	}
	defer s.work.Close()
	if err := s.placeNeeded(); err != nil {
		t.Fatal(err)
	}
	if want := []string{sandbox.WorkDir + "/a/1_2.0-1/6.1/x86_64/module/" + symversFile}; !slices.Equal(s.symvers, want) {
		t.Errorf("got %q, want %q", s.symvers, want)
	}
}
