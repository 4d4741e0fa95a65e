package kbuild

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"mago/debpkg/codec"
	"mago/kbuild/recipe"
	"mago/kbuild/sandbox"
)

// TestCompletes: a recipe that promises one of two modules gets the other as well, where the first needs it.
func TestCompletes(t *testing.T) {
	b := newBench(t)
	result := b.mustBuild(t, with(t, tree{"offers.c": offers, "takes.c": takes, "Makefile": "obj-m := offers.o takes.o hello.o\n",
		"dkms.conf": "PACKAGE_NAME=takes PACKAGE_VERSION=1\nMAKE='make -C $kernel_source_dir M=$dkms_tree/takes/1/build'\n"}))
	var names []string
	for _, m := range result.Modules {
		names = append(names, m.Name)
	}
	if !slices.Equal(names, []string{"takes", "offers"}) {
		t.Errorf("got %v", names)
	}
}

// TestRenamed: modules whose files were renamed after they were linked depend on each other by their first names, as
// NVIDIA's do in debian/rules.
func TestRenamed(t *testing.T) {
	b := newBench(t)
	result := b.mustBuild(t, with(t, tree{"offers.c": offers, "takes.c": takes, "Makefile": "obj-m := offers.o takes.o\n",
		"dkms.conf": "PACKAGE_NAME=takes PACKAGE_VERSION=1 BUILT_MODULE_NAME=(new-takes new-offers)\n" +
			"MAKE='make -C $kernel_source_dir M=$dkms_tree/takes/1/build && rm Module.symvers && mv takes.ko new-takes.ko && mv offers.ko new-offers.ko'\n"}))
	if len(result.Modules) != 2 {
		t.Errorf("got %+v", result.Modules)
	}
}

// TestPacksWhatWasProved: a process that the build has left behind puts another module in the place of one that was proved,
// while xz runs for the one before it.
func TestPacksWhatWasProved(t *testing.T) {
	b := newBench(t)
	b.kernel.Compression = codec.XZ
	source := with(t, tree{"takes.c": takes, "offers.c": offers, "Makefile": "obj-m := offers.o takes.o\n",
		"dkms.conf": "PACKAGE_NAME=takes PACKAGE_VERSION=1 BUILT_MODULE_NAME=(offers takes)\nMAKE='make -C $kernel_source_dir M=$dkms_tree/takes/1/build'\n"})
	job, builder := b.job(t, source), b.builder()
	build := filepath.Join(job.Work, recipe.Tree, "takes/1/build")
	swapped := false
	builder.Run = func(cmd *exec.Cmd) error {
		if _, args, _, _ := sandbox.Wrapped(cmd); slices.Contains(args, "xz") && !swapped {
			swapped = true
			if err := os.Rename(filepath.Join(build, "offers.ko"), filepath.Join(build, "takes.ko")); err != nil {
				return err
			}
		}
		return cmd.Run()
	}
	result, err := builder.Build(t.Context(), job)
	if err != nil || !swapped || len(result.Modules) != 2 {
		t.Fatalf("got %+v, %v", result, err)
	}
	packed, err := exec.Command("xz", "-dc", result.Modules[1].File).Output()
	if err != nil || !bytes.Contains(packed, []byte("name=takes\x00")) {
		t.Errorf("takes.ko.xz is another module: %v", err)
	}
}

// TestTakesNoMoreThanTheLimit: sparse files, which the warden's measure finds nothing of, take up the disk where they are
// copied to.
func TestTakesNoMoreThanTheLimit(t *testing.T) {
	const size = 1 << 20
	built := []recipe.Built{{File: "a.ko", Dest: "a"}, {File: "b.ko", Dest: "b"}}
	take := func(limit int64) error {
		work := tree{finished + "/": "", recipe.Tree + "/a.ko": "", recipe.Tree + "/b.ko": ""}.write(t, t.TempDir())
		for _, b := range built {
			if err := os.Truncate(filepath.Join(work, recipe.Tree, b.File), size); err != nil {
				t.Fatal(err)
			}
		}
		w, err := recipe.Open(recipe.Host{Sandbox: sandbox.Sandbox{Limits: sandbox.Limits{Output: limit}}}, Job{Work: work})
		if err != nil {
			t.Fatal(err)
		}
		defer w.Close()
		s := &finishing{Workspace: w}
		return s.takeModules(t.Context(), s.places(t.Context(), built), w.Bound("its modules"))
	}
	var limit *sandbox.LimitError
	if err := take(2*size - 1); !errors.As(err, &limit) || limit.Name != "output" {
		t.Errorf("got %v", err)
	}
	if err := take(2 * size); err != nil {
		t.Errorf("what the limit allows: %v", err)
	}
}

// TestUnreadableModule: the error names the module that is no ELF file, or that takes more memory to read than a build may.
func TestUnreadableModule(t *testing.T) {
	for _, kind := range []sandbox.Kind{sandbox.Bubblewrap, sandbox.Namespaces, sandbox.User} {
		t.Run(string(kind), func(t *testing.T) {
			b := newBench(t).in(t, kind)
			leaves := func(size string) string {
				return with(t, tree{"dkms.conf": named + "STRIP=no\nMAKE='truncate -s " + size + " hello.ko'\n"})
			}
			if _, err := b.build(t, leaves("1K")); err == nil || !strings.HasPrefix(err.Error(), "module hello: not an ELF object: bad magic number") {
				t.Errorf("got %v", err)
			}
			builder := b.builder()
			builder.Sandbox.Limits.Memory = 100 << 20
			_, err := builder.Build(t.Context(), b.job(t, leaves("400M")))
			var limit *sandbox.LimitError
			ofRace := err != nil && strings.HasSuffix(err.Error(), ": exit status 66") // the race detector's, which gets no memory of its own
			if !ofRace && (!errors.As(err, &limit) || limit.Name != "memory") || !strings.HasPrefix(fmt.Sprint(err), "module hello: ") {
				t.Errorf("got %v", err)
			}
		})
	}
}
