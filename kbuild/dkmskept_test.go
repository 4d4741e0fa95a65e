package kbuild

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"mago/kbuild/kernel"
	"mago/kbuild/sandbox"
)

// TestConfKey changes one after the other what an evaluation depends on.
func TestConfKey(t *testing.T) {
	root := tree{"etc/dkms/framework.conf.d/": ""}.write(t, t.TempDir())
	dir := tree{"dkms.conf": named}.write(t, filepath.Join(t.TempDir(), "hello-1.0"))
	job := Job{Source: Source{Dir: dir}, Kernel: kernel.Kernel{Release: "6.1.0-56-amd64", Config: kernel.Config{"CONFIG_X": "y"}}, Epoch: epoch, Jobs: 2}
	seen := map[string]string{}
	look := func(name string) {
		t.Helper()
		key, err := ConfKey(root, job)
		if other, ok := seen[key]; err != nil || ok {
			t.Errorf("%s has the key of %s, %v", name, other, err)
		}
		seen[key] = name
	}
	look("the first")
	job.Kernel.Config = kernel.Config{"CONFIG_X": "m"}
	look("another configuration")
	job.Jobs++
	look("more jobs")
	job.Epoch = job.Epoch.Add(1e9)
	look("another date")
	for _, name := range []string{"hello.conf", "framework.conf", "framework.conf.d/a.conf"} {
		tree{"etc/dkms/" + name: ""}.write(t, root)
		look("a new " + name)
		tree{"etc/dkms/" + name: "STRIP=no"}.write(t, root)
		look("another " + name)
	}
	tree{"dkms.conf": named + "STRIP=no\n"}.write(t, dir)
	look("another dkms.conf")
	before := len(seen)
	tree{"etc/dkms/framework.conf.d/ignored": "", "etc/dkms/framework.conf.d/.a.conf": ""}.write(t, root)
	if key, err := ConfKey(root, job); err != nil || seen[key] == "" || len(seen) != before {
		t.Errorf("what dkms does not read changes the key, %v", err)
	}
}

func TestConfKeyRefuses(t *testing.T) {
	for name, test := range map[string]struct{ conf, want string }{
		"long": {strings.Repeat("#", maxConf+1), "dkms.conf: dkms.conf is longer than"},
		"link": {"-> /etc/passwd", "dkms.conf: openat dkms.conf: "},
	} {
		dir := tree{"dkms.conf": test.conf}.write(t, t.TempDir())
		_, err := ConfKey("/", Job{Source: Source{Dir: dir}})
		if !errors.As(err, new(*RecipeError)) || !strings.HasPrefix(err.Error(), test.want) {
			t.Errorf("%s: got %v, want %q", name, err, test.want)
		}
	}
}

func TestKeepConf(t *testing.T) {
	b := newBench(t)
	job := b.job(t, with(t, tree{}))
	conf, err := b.builder().Evaluate(t.Context(), job)
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "kept")
	for key, private := range map[string]bool{"key": false, "private": true} {
		if err := KeepConf(dir, key, conf, private); err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(filepath.Join(dir, key+".json"))
		if err != nil || (info.Mode().Perm()&0o044 == 0) != private {
			t.Errorf("private %v: %v, %v", private, info, err)
		}
	}
	if got, ok := KeptConf(dir, "key"); !ok || !reflect.DeepEqual(got, conf) {
		t.Errorf("got %+v, %v, want %+v", got, ok, conf)
	}
	if _, ok := KeptConf(dir, "other"); ok {
		t.Error("another key has it, too")
	}
}

// TestBuildAsEvaluated: a build does what was evaluated for it elsewhere, and evaluates nothing itself.
func TestBuildAsEvaluated(t *testing.T) {
	for _, kind := range []sandbox.Kind{sandbox.Bubblewrap, sandbox.Namespaces, sandbox.User} {
		t.Run(string(kind), func(t *testing.T) {
			b := newBench(t).in(t, kind)
			job := b.job(t, with(t, tree{"dkms.conf": "echo said >&2\n" + named + "MAKE=\"make -C $kernel_source_dir M=$dkms_tree/hello/1.0/build; echo made\"\n"}))
			evaluated := job
			evaluated.Work = b.work(t)
			conf, err := b.builder().Evaluate(t.Context(), evaluated)
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
