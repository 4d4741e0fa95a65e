package kbuild

import (
	"bytes"
	"context"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"testing"
	"time"

	"mago/debpkg/codec"
	"mago/debpkg/word"
	"mago/kbuild/jobs"
	"mago/kbuild/kernel"
	"mago/kbuild/recipe"
	"mago/kbuild/sandbox"
)

const modules = "../testdata/modules/"

var epoch = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// bench is a file system with kernel headers, a compiler and make, and a sandbox to build in.
type bench struct {
	root   string
	kernel kernel.Kernel
	box    sandbox.Sandbox
	client *jobs.Client // nil: a build is in no pool
	log    bytes.Buffer
}

// newBench finds one: under MAGO_TEST_ROOT, or else on the running system.
func newBench(t testing.TB) *bench {
	t.Helper()
	if testing.Short() {
		t.Skip("compiles a kernel module")
	}
	b := &bench{root: os.Getenv("MAGO_TEST_ROOT")}
	if b.root == "" {
		b.root = "/"
	}
	finder := kernel.Finder{Root: b.root}
	for _, release := range slices.Backward(finder.WithHeaders()) {
		k, err := finder.Find(release)
		if err != nil {
			t.Logf("kernel %s: %v", release, err)
			continue
		}
		if missing := kernel.MissingTools(b.root, k); len(missing) > 0 {
			t.Skipf("kernel %s cannot be built for: %v", release, missing[0])
		}
		k.Compression = codec.None
		b.kernel, b.box = k, newSandbox(t, b.root)
		return b
	}
	t.Skipf("no kernel headers under %s; MAGO_TEST_ROOT can name another root", b.root)
	return nil
}

// newSandbox is the closest sandbox that works under a root; where nobody made the build user, nobody builds.
func newSandbox(t testing.TB, root string) sandbox.Sandbox {
	t.Helper()
	box, err := sandbox.Choose(t.Context(), sandbox.Wish{Root: root, Work: (&bench{root: root}).work(t), AsRoot: os.Geteuid() == 0}, nil)
	var missing *sandbox.UserError
	if errors.As(err, &missing) {
		const nobody = 65534
		box, err = sandbox.Sandbox{Kind: sandbox.Bubblewrap, Root: root, UserName: "nobody", UID: nobody, GID: nobody, Drop: true}, nil
	}
	if err != nil {
		t.Fatal(err)
	}
	return box
}

// in puts the bench into a sandbox of another kind, or skips where that kind does not work.
func (b *bench) in(t *testing.T, kind sandbox.Kind) *bench {
	t.Helper()
	b.box.Kind, b.box.Mounts = kind, kind == sandbox.Namespaces
	if err := b.box.Run(t.Context(), sandbox.Spec{Args: []string{"/bin/true"}}, nil); err != nil {
		t.Skipf("no sandbox of kind %s here: %v", kind, err)
	}
	return b
}

// enter has the next builds be one in a pool.
func (b *bench) enter(t *testing.T, pool *jobs.Pool) {
	t.Helper()
	client, err := pool.Enter(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Leave)
	b.client = client
}

// work makes a work directory that the build user can reach.
func (b *bench) work(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp(filepath.Join(b.root, "var/tmp"), "mago-test-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

func (b *bench) builder() *Builder {
	return &Builder{Host: recipe.Host{Root: b.root, Sandbox: b.box, Log: &b.log, Jobs: b.client}}
}

func (b *bench) job(t testing.TB, source string) Job {
	t.Helper()
	source, err := filepath.Abs(source)
	if err != nil {
		t.Fatal(err)
	}
	return Job{
		Source: recipe.Source{Name: filepath.Base(source), Version: "1.0", Dir: source},
		Kernel: b.kernel, Work: b.work(t), Jobs: runtime.NumCPU(), Epoch: epoch,
	}
}

func (b *bench) build(t *testing.T, source string) (*Result, error) {
	t.Helper()
	return b.builder().Build(t.Context(), b.job(t, source))
}

func (b *bench) mustBuild(t *testing.T, source string) *Result {
	t.Helper()
	result, err := b.build(t, source)
	if err != nil {
		t.Fatalf("%v\n%s", err, b.log.String())
	}
	return result
}

// start builds in the background.
func (b *bench) start(t *testing.T, ctx context.Context, job Job) <-chan error {
	t.Helper()
	done := make(chan error, 1)
	go func() {
		_, err := b.builder().Build(ctx, job)
		done <- err
	}()
	return done
}

// with is hello-dkms with other or further files.
func with(t *testing.T, changed tree) string {
	t.Helper()
	files := tree{}
	for _, name := range []string{"Makefile", "hello.c", "dkms.conf"} {
		text, err := os.ReadFile(modules + "hello-dkms/" + name)
		if err != nil {
			t.Fatal(err)
		}
		files[name] = string(text)
	}
	maps.Copy(files, changed)
	return files.write(t, filepath.Join(t.TempDir(), "hello-1.0"))
}

func program(name string) word.Program { return word.Must(word.ParseProgram(name)) }
