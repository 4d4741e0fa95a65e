package kbuild

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"mago/debpkg/codec"
	"mago/kbuild/kernel"
	"mago/kbuild/recipe"
	"mago/kbuild/sandbox"
)

// TestBuildCannot tries from inside what a build must not do. Each command has to fail; the module is built all the same.
func TestBuildCannot(t *testing.T) {
	t.Parallel()
	attempts := map[sandbox.Kind][]string{
		sandbox.Bubblewrap: {
			"ls /root", "ls /home", "ls /var/log", "touch /etc/mago-test", "touch $kernel_source_dir/mago-test", "touch /usr/src/linux-headers-*/mago-test",
			"cat /etc/shadow", "exec 3<>/dev/tcp/127.0.0.1/22", "mknod device b 8 0",
		},
		sandbox.Namespaces: {
			"ls /root", "touch /etc/mago-test", "touch $kernel_source_dir/mago-test", "cat /etc/shadow", "exec 3<>/dev/tcp/127.0.0.1/22", "mknod device b 8 0",
			"touch ../../../../mago-test", "mv ../../../../tree ../../../../mago-test",
		},
		sandbox.User: {
			"ls /root", "touch /etc/mago-test", "cat /etc/shadow", "mknod device b 8 0",
			"touch ../../../../mago-test", "mv ../../../../tree ../../../../mago-test",
		},
	}
	for kind, commands := range attempts {
		t.Run(string(kind), func(t *testing.T) {
			b := newBench(t).in(t, kind)
			if kind == sandbox.User && !b.box.Drop {
				t.Skip("an ordinary user's own rights are all there is")
			}
			script := "#!/bin/bash\nkernel_source_dir=" + b.kernel.Headers + "\ntouch /usr/src/hello-1.0/mago-test\n"
			for _, command := range commands {
				script += "( " + command + " ) 2>&1 && echo 'BROKEN OUT: " + command + "'\n"
			}
			source := with(t, tree{"attempt+": script + "exit 0\n", "dkms.conf": named + "PRE_BUILD=attempt\n"})
			b.mustBuild(t, source)
			if _, err := os.Stat(filepath.Join(source, "mago-test")); err == nil {
				t.Error("what is written below /usr/src gets into the source")
			}
			for line := range strings.Lines(b.log.String()) {
				if strings.HasPrefix(line, "BROKEN OUT") {
					t.Error(line)
				}
			}
			if !strings.Contains(b.log.String(), "ermission denied") {
				t.Errorf("nothing was tried:\n%s", b.log.String())
			}
		})
	}
}

// TestOwnPrograms: a build that puts programs into its PATH has none of mago's own run in their stead.
func TestOwnPrograms(t *testing.T) {
	b := newBench(t)
	b.kernel.Compression = codec.XZ
	source := with(t, tree{"dkms.conf": named + "POST_BUILD=trap\n", "trap+": "#!/bin/bash\nfor p in strip xz; do\n" +
		"printf '#!/bin/sh\\necho not the real thing; exit 1\\n' > /var/lib/dkms/_uname/$p; chmod +x /var/lib/dkms/_uname/$p\ndone\n"})
	b.in(t, sandbox.Bubblewrap).mustBuild(t, source)
	failing := with(t, tree{"dkms.conf": named + "PRE_BUILD=trap\n", "trap+": "#!/bin/sh\n" +
		"printf '#!/bin/sh\\necho this machine is broken >&2; exit 1\\n' > /var/lib/dkms/_uname/ls; chmod +x /var/lib/dkms/_uname/ls; exit 1\n"})
	var broken *sandbox.BrokenError
	if _, err := b.builder().Build(t.Context(), b.job(t, failing)); err == nil || errors.As(err, &broken) {
		t.Errorf("got %v", err)
	}
}

// TestFinishedIsOutOfReach: whatever process a build leaves behind, it may not write where the finished modules lie.
func TestFinishedIsOutOfReach(t *testing.T) {
	t.Parallel()
	b := newBench(t).in(t, sandbox.User)
	if !b.box.Drop {
		t.Skip("an ordinary user builds as itself")
	}
	file := b.mustBuild(t, modules+"hello").Modules[0].File
	for _, path := range []string{file, filepath.Dir(file), filepath.Dir(filepath.Dir(file))} {
		var stat unix.Stat_t
		if err := unix.Stat(path, &stat); err != nil || stat.Uid != 0 || stat.Mode&0o022 != 0 {
			t.Errorf("%s belongs to %d:%d, mode %o, %v", path, stat.Uid, stat.Gid, stat.Mode, err)
		}
	}
}

// TestUnreachable has a work directory, or headers, below a directory that only root may search.
func TestUnreachable(t *testing.T) {
	for _, kind := range []sandbox.Kind{sandbox.Bubblewrap, sandbox.Namespaces, sandbox.User} {
		for what, change := range map[string]func(job *Job, host string, k kernel.Kernel){
			"work":    func(job *Job, host string, _ kernel.Kernel) { job.Work = host },
			"headers": func(job *Job, _ string, k kernel.Kernel) { job.Kernel = k },
		} {
			t.Run(string(kind)+" "+what, func(t *testing.T) {
				b := newBench(t).in(t, kind)
				if !b.box.Drop {
					t.Skip("an ordinary user builds as itself")
				}
				closed := filepath.Join(b.work(t), "closed")
				job := b.job(t, with(t, nil))
				host := filepath.Join(closed, "sub")
				k := b.ownKernel(t, host)
				if err := os.Chmod(closed, 0o700); err != nil {
					t.Fatal(err)
				}
				change(&job, host, k)
				_, err := b.builder().Build(t.Context(), job)
				var reach *sandbox.ReachError
				if !errors.As(err, &reach) || reach.User != b.box.UserName || !strings.HasPrefix(reach.Path, host) || reach.Closed != closed {
					t.Errorf("got %v", err)
				}
			})
		}
	}
}

// TestUmask: what root's umask makes of the work directory keeps the build user from nothing.
func TestUmask(t *testing.T) {
	b := newBench(t)
	defer unix.Umask(unix.Umask(0o077))
	b.mustBuild(t, with(t, nil))
}

// TestBuildLeavesNoProcess: MAKE puts a process into the background that keeps one end of a named pipe open. The
// other end sees its end.
func TestBuildLeavesNoProcess(t *testing.T) {
	for _, kind := range []sandbox.Kind{sandbox.Bubblewrap, sandbox.Namespaces} {
		t.Run(string(kind), func(t *testing.T) {
			b := newBench(t).in(t, kind)
			job := b.job(t, with(t, tree{"dkms.conf": named + "MAKE='setsid sleep infinity >$dkms_tree/fifo & make -C $kernel_source_dir M=$dkms_tree/hello/1.0/build'\n"}))
			tree := filepath.Join(job.Work, recipe.Tree)
			fifo := filepath.Join(tree, "fifo")
			if err := errors.Join(os.Mkdir(tree, 0o755), unix.Mkfifo(fifo, 0o600), b.box.Own(tree)); err != nil {
				t.Fatal(err)
			}
			done := b.start(t, t.Context(), job)
			if _, err := os.ReadFile(fifo); err != nil {
				t.Fatal(err)
			}
			if err := <-done; err != nil {
				t.Errorf("%v\n%s", err, b.log.String())
			}
		})
	}
}

// TestCancelCompile cancels while a compiler runs: it includes a named pipe, and the test knows by that when it has begun
// and, again, when every process that had the pipe open is gone.
func TestCancelCompile(t *testing.T) {
	for _, kind := range []sandbox.Kind{sandbox.Bubblewrap, sandbox.Namespaces, sandbox.User} {
		t.Run(string(kind), func(t *testing.T) {
			b := newBench(t).in(t, kind)
			source := with(t, tree{"dkms.conf": named + "PRE_BUILD=pipe\nMAKE='make -C $kernel_source_dir M=$dkms_tree/hello/1.0/build'\n", "pipe+": "#!/bin/sh\nmkfifo never.h begun\n",
				"Makefile": "obj-m := hello.o\nCFLAGS_hello.o := -include $(src)/never.h\n"})
			job := b.job(t, source)
			reached := errors.New("the test has seen enough")
			ctx, cancel := context.WithCancelCause(t.Context())
			defer cancel(nil)
			builder := b.builder()
			builder.Log = &trigger{word: "CC [M]", then: func() { cancel(reached) }}
			_, err := builder.Build(ctx, job)
			if !errors.Is(err, reached) {
				t.Errorf("got %v", err)
			}
			noReader(t, filepath.Join(job.Work, recipe.Tree, "hello/1.0/build/never.h"))
		})
	}
}

// trigger calls a function when a word was written.
type trigger struct {
	word, seen string
	then       func()
}

func (w *trigger) Write(p []byte) (int, error) {
	w.seen += string(p)
	if strings.Contains(w.seen, w.word) {
		w.then()
	}
	return len(p), nil
}

// noReader wants that nobody has a named pipe open for reading, or waits to.
func noReader(t *testing.T, fifo string) {
	t.Helper()
	file, err := os.OpenFile(fifo, os.O_WRONLY|unix.O_NONBLOCK, 0)
	if err == nil {
		file.Close()
	}
	if !errors.Is(err, unix.ENXIO) {
		t.Errorf("somebody still reads: %v", err)
	}
}
