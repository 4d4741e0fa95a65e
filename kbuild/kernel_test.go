package kbuild

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"mago/debpkg/rooted"
	"mago/kbuild/kernel"
	"mago/kbuild/recipe"
	"mago/kbuild/sandbox"
)

func TestForeignKernelIsRefusedFirst(t *testing.T) {
	foreign := kernel.Config{"CONFIG_S390": "y"}
	_, err := (&Builder{Host: recipe.Host{Root: t.TempDir()}}).Build(t.Context(), Job{Kernel: kernel.Kernel{}.WithConfig(foreign)})
	var arch *kernel.ArchError
	if !errors.As(err, &arch) {
		t.Errorf("got %v", err)
	}
}

// ownKernel writes the least of what a kernel's headers hold to a host path, and finds it there.
func (b *bench) ownKernel(t *testing.T, dir string) kernel.Kernel {
	t.Helper()
	files := tree{"include/generated/utsrelease.h": "#define UTS_RELEASE \"6.1-own\"\n", "Module.symvers": "0x1\tprintk\tvmlinux\tEXPORT_SYMBOL\t\n"}
	for _, name := range []string{"Makefile", ".config", "include/generated/autoconf.h", "include/config/auto.conf", "scripts/Makefile.build", "scripts/mod/modpost"} {
		files[name] = ""
	}
	inside, err := rooted.Root(b.root).Inside(files.write(t, dir))
	if err != nil {
		t.Fatal(err)
	}
	k, err := kernel.Finder{Root: b.root, Dirs: []string{inside}}.Find("6.1-own")
	if err != nil {
		t.Fatal(err)
	}
	k.Compiler = b.kernel.Compiler
	return k
}

// TestSwapped puts another directory in the place of headers while they are built against: no program sees it.
func TestSwapped(t *testing.T) {
	b := newBench(t)
	for _, kind := range []sandbox.Kind{sandbox.Bubblewrap, sandbox.Namespaces, sandbox.User} {
		t.Run(string(kind), func(t *testing.T) {
			b.in(t, kind)
			job := b.job(t, with(t, nil))
			dir := filepath.Join(b.work(t), "headers")
			job.Kernel = b.ownKernel(t, dir)
			w, err := recipe.Open(b.builder().Host, job)
			if err != nil {
				t.Fatal(err)
			}
			defer w.Close()
			list := sandbox.Spec{Args: []string{"ls", job.Kernel.Headers}}
			if err := w.Run(t.Context(), list); err != nil {
				t.Errorf("before: %v", err)
			}
			if err := errors.Join(os.Rename(dir, dir+".old"), os.Symlink("/", dir)); err != nil {
				t.Fatal(err)
			}
			if err := w.Run(t.Context(), list); err == nil {
				t.Error("a program saw what took the headers' place")
			}
		})
	}
}
