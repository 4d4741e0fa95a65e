package kbuild

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"mago/kbuild/recipe"
	"mago/kbuild/sandbox"
)

func TestKeepConf(t *testing.T) {
	b := newBench(t)
	job := b.job(t, with(t, tree{}))
	conf, err := recipe.Evaluate(t.Context(), b.builder().Host, job)
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "kept")
	for key, private := range map[string]bool{"key": false, "private": true} {
		if err := recipe.Keep(dir, key, conf, private); err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(filepath.Join(dir, key+".json"))
		if err != nil || (info.Mode().Perm()&0o044 == 0) != private {
			t.Errorf("private %v: %v, %v", private, info, err)
		}
	}
	if got, ok := recipe.Kept(dir, "key"); !ok || !reflect.DeepEqual(got, conf) {
		t.Errorf("got %+v, %v, want %+v", got, ok, conf)
	}
	if _, ok := recipe.Kept(dir, "other"); ok {
		t.Error("another key has it, too")
	}
}

// TestBuildAsEvaluated: a build does what was evaluated for it elsewhere, and evaluates nothing itself.
func TestBuildAsEvaluated(t *testing.T) {
	t.Parallel()
	for _, kind := range []sandbox.Kind{sandbox.Bubblewrap, sandbox.Namespaces, sandbox.User} {
		t.Run(string(kind), func(t *testing.T) {
			b := newBench(t).in(t, kind)
			job := b.job(t, with(t, tree{"dkms.conf": "echo said >&2\n" + named + "MAKE=\"make -C $kernel_source_dir M=$dkms_tree/hello/1.0/build; echo made\"\n"}))
			evaluated := job
			evaluated.Work = b.work(t)
			conf, err := recipe.Evaluate(t.Context(), b.builder().Host, evaluated)
			if err != nil {
				t.Fatal(err)
			}
			job.Conf = conf
			job.Source.Dir = with(t, tree{"dkms.conf": named + "MAKE=false\n"})
			if _, err := b.builder().Build(t.Context(), job); err != nil {
				t.Fatalf("%v\n%s", err, b.log.String())
			}
			for _, want := range []string{"said\n", "made\n"} {
				if !strings.Contains(b.log.String(), want) {
					t.Errorf("the log lacks %q:\n%s", want, b.log.String())
				}
			}
		})
	}
}
