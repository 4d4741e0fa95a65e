package kbuild

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"mago/kbuild/proof"
	"mago/kbuild/recipe"
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
	exports, err := symvers{}.read(os.Open(both.Symvers))
	if err != nil || len(exports) != 1 || exports["mago_offered"].Module != "offers" || exports["mago_offered"].CRC == 0 {
		t.Fatalf("got %+v, %v", exports, err)
	}
	job := b.job(t, source)
	job.Needed = []recipe.Needed{{Module: "offering", Name: "offers", Version: "1", Source: recipe.Source{Dir: t.TempDir()}, Modules: filepath.Dir(both.Symvers)}}
	result, err := b.builder().Build(t.Context(), job)
	if err != nil || !slices.Equal(result.Uses, []string{"offering"}) {
		t.Errorf("got %+v, %v", result, err)
	}
}
