package sources

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"mago/debpkg/apt"
	"mago/debpkg/rooted"
	"mago/debpkg/word"
)

func TestGetDownloadsOnceAndRemembers(t *testing.T) {
	data := deb(t, "hello-dkms", "1.0-2", tarball(t, dkmsFiles()))
	pkg, aptGet := helloDKMS(data), leaves("hello-dkms_1.0-2_all.deb", data)
	f := &Fetcher{Cache: t.TempDir(), Run: aptGet.Run}
	if _, ok := f.Cached(pkg); ok {
		t.Fatal("cached before it was there")
	}
	tree, err := f.Get(t.Context(), pkg)
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"apt-get download " + strings.Join(apt.TrustArgs(false), " ") + " -o APT::Cmd::Pattern-Only=true -- hello-dkms=1.0-2"}; !slices.Equal(aptGet.calls, want) {
		t.Errorf("ran %q, want %q", aptGet.calls, want)
	}
	place := filepath.Join(f.Cache, "trees/hello-dkms/1.0-2")
	doc := filepath.Join(place, "data/usr/share/doc/hello-dkms")
	want := &Tree{
		Name: "hello", Version: "1.0-2", Origin: Archive, Dir: filepath.Join(place, "data/usr/src/hello-1.0"),
		Package: &pkg,
		Archive: filepath.Join(f.Cache, "downloads/hello-dkms_1.0-2_all.deb"), SHA256: hash(data),
		Copyright: filepath.Join(doc, "copyright"), Changelog: filepath.Join(doc, "changelog.Debian.gz"),
		ModTime: time.Date(2023, 2, 6, 6, 8, 9, 0, time.UTC),
		place:   place, digest: tree.digest,
	}
	if !reflect.DeepEqual(tree, want) {
		t.Errorf("got  %+v\nwant %+v", tree, want)
	}

	f.Run = unusable(t).Run
	for _, get := range []func() (*Tree, error){
		func() (*Tree, error) { return f.Get(t.Context(), pkg) },
		func() (*Tree, error) { tree, _ := f.Cached(pkg); return tree, nil },
	} {
		if again, err := get(); err != nil || !reflect.DeepEqual(again, want) {
			t.Errorf("again: %+v, %v", again, err)
		}
	}
}

// A failure leaves nothing half done, says what apt said, and a second attempt succeeds.
func TestGetFailsCleanly(t *testing.T) {
	data := deb(t, "hello-dkms", "1.0-2", tarball(t, dkmsFiles()))
	const name = "hello-dkms_1.0-2_all.deb"
	for what, test := range map[string]struct {
		do   func(*exec.Cmd) error
		want string
	}{
		"offline": {func(cmd *exec.Cmd) error {
			write(t, filepath.Join(cmd.Dir, "partial"), data[:100])
			cmd.Stderr.Write([]byte("W: x\nE: Failed to fetch a\nE: b\n"))
			return errors.New("exit status 100")
		}, "download hello-dkms 1.0-2: Failed to fetch a; b"},
		"cut midway": {leaves(name, data[:len(data)/2]).do, "apt's lists have " + hash(data)},
	} {
		t.Run(what, func(t *testing.T) {
			f := &Fetcher{Cache: t.TempDir(), Run: test.do}
			if _, err := f.Get(t.Context(), helloDKMS(data)); !errors.As(err, new(*apt.FetchError)) || !strings.Contains(err.Error(), test.want) {
				t.Errorf("err = %v, want %q", err, test.want)
			}
			if names := left(t, f.Cache); len(names) > 0 {
				t.Errorf("left behind: %q", names)
			}
			f.Run = leaves(name, data).Run
			if _, err := f.Get(t.Context(), helloDKMS(data)); err != nil {
				t.Errorf("second attempt: %v", err)
			}
		})
	}
}

// What only an unsigned archive has is neither fetched nor, once it has been, taken again, but where the caller says so.
func TestGetUnauthenticated(t *testing.T) {
	data := deb(t, "hello-dkms", "1.0-2", tarball(t, dkmsFiles()))
	pkg := helloDKMS(data)
	pkg.Unauthenticated = true
	refusing := &Fetcher{Cache: t.TempDir(), Run: unusable(t).Run}
	refused := func(when string) {
		t.Helper()
		if _, err := refusing.Get(t.Context(), pkg); !errors.As(err, new(*apt.UnauthenticatedError)) {
			t.Errorf("%s: err = %v", when, err)
		}
		if _, ok := refusing.Cached(pkg); ok {
			t.Errorf("%s: it serves from the cache", when)
		}
	}
	refused("at first")
	aptGet := leaves("hello-dkms_1.0-2_all.deb", data)
	taking := &Fetcher{Cache: refusing.Cache, Run: aptGet.Run, Unauthenticated: true}
	if _, err := taking.Get(t.Context(), pkg); err != nil {
		t.Fatal(err)
	}
	if want := strings.Join(apt.TrustArgs(true), " "); !strings.Contains(aptGet.calls[0], want) {
		t.Errorf("ran %q, want %q in it", aptGet.calls[0], want)
	}
	if _, ok := taking.Cached(pkg); !ok {
		t.Error("not cached")
	}
	refused("once it is there")
	pkg.Unauthenticated, pkg.SHA256 = false, ""
	if _, ok := refusing.Cached(pkg); ok {
		t.Error("what nobody has vouched for serves a package of which apt's lists have no hash")
	}
}

func TestGetUsesOnlyADownloadThatIsWhole(t *testing.T) {
	data := deb(t, "hello-dkms", "1.0-2", tarball(t, dkmsFiles()))
	f := &Fetcher{Cache: t.TempDir(), Run: unusable(t).Run}
	path := write(t, filepath.Join(f.Cache, "downloads/hello-dkms_1.0-2_all.deb"), data)
	if _, err := f.Get(t.Context(), helloDKMS(data)); err != nil {
		t.Fatal(err)
	}

	changed := dkmsFiles()
	changed["./usr/src/hello-1.0/hello.c"] = "int y;\n"
	newer := deb(t, "hello-dkms", "1.0-2", tarball(t, changed))
	aptGet := leaves("x.deb", newer)
	f.Run = aptGet.Run
	if _, ok := f.Cached(helloDKMS(newer)); ok {
		t.Error("the tree of another .deb counts as cached")
	}
	tree, err := f.Get(t.Context(), helloDKMS(newer))
	if err != nil {
		t.Fatal(err)
	}
	if text, _ := os.ReadFile(filepath.Join(tree.Dir, "hello.c")); string(text) != "int y;\n" || len(aptGet.calls) != 1 {
		t.Errorf("hello.c = %q after %d downloads", text, len(aptGet.calls))
	}
	if kept, _ := os.ReadFile(path); !bytes.Equal(kept, newer) {
		t.Error("the old download is still there")
	}
}

func TestCachedTrustsOnlyRecordsOfItsFormat(t *testing.T) {
	data := deb(t, "hello-dkms", "1.0-2", tarball(t, dkmsFiles()))
	f := &Fetcher{Cache: t.TempDir(), Run: leaves("x.deb", data).Run}
	if _, err := f.Get(t.Context(), helloDKMS(data)); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(f.place("hello-dkms", "1.0-2"), recordName)
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, bad := range []string{"", "{", strings.Replace(string(good), fmt.Sprintf(`"Format": %d`, recordFormat), `"Format": 1`, 1)} {
		write(t, path, []byte(bad))
		if _, ok := f.Cached(helloDKMS(data)); ok {
			t.Errorf("cached with the record %q", bad)
		}
	}
	if _, err := f.Get(t.Context(), helloDKMS(data)); err != nil {
		t.Error(err)
	}
}

// What a killed process left is swept, unless its owner is alive.
func TestGetSweepsWhatAKillLeft(t *testing.T) {
	data := deb(t, "hello-dkms", "1.0-2", tarball(t, dkmsFiles()))
	f := &Fetcher{Cache: t.TempDir(), Run: leaves("x.deb", data).Run}
	for _, name := range []string{
		"downloads/.tmp-hello-dkms/partial", "trees/hello-dkms/.tmp-1.0-2/tree.json", "trees/dead/.tmp-old-1/data/x",
		"trees/alive/.tmp-1/data/x", "downloads/.tmp-dead/x",
	} {
		write(t, filepath.Join(f.Cache, name), []byte("{}"))
	}
	unlock, err := f.lock(t.Context(), "alive", "fetched")
	if err != nil {
		t.Fatal(err)
	}
	defer unlock()
	if _, ok := f.Cached(helloDKMS(data)); ok {
		t.Error("a temporary tree counts as cached")
	}
	if _, err := f.Get(t.Context(), helloDKMS(data)); err != nil {
		t.Fatal(err)
	}
	var temps []string
	for _, name := range left(t, f.Cache) {
		if strings.Contains(name, tempPrefix) {
			temps = append(temps, name)
		}
	}
	if want := []string{"trees/alive/.tmp-1", "trees/alive/.tmp-1/data/x"}; !slices.Equal(temps, want) {
		t.Errorf("left: %q, want %q", temps, want)
	}
}

func TestGetRunsAptInsideTheRoot(t *testing.T) {
	data := deb(t, "hello-dkms", "1.0-2", tarball(t, dkmsFiles()))
	root := t.TempDir()
	aptGet := &fakeApt{do: func(cmd *exec.Cmd) error {
		if want := "/var/cache/mago/downloads/.tmp-hello-dkms"; cmd.Dir != want {
			t.Errorf("apt-get is run in %s, want %s", cmd.Dir, want)
		}
		return os.WriteFile(filepath.Join(root, cmd.Dir, "x.deb"), data, 0o644)
	}}
	f := &Fetcher{Root: rooted.Root(root), Cache: filepath.Join(root, "var/cache/mago"), Run: aptGet.Run}
	if _, err := f.Get(t.Context(), helloDKMS(data)); err != nil {
		t.Error(err)
	}
	f.Cache = t.TempDir()
	if _, err := f.Get(t.Context(), helloDKMS(data)); err == nil || !strings.Contains(err.Error(), "is not inside the root") {
		t.Errorf("a cache outside: err = %v", err)
	}
}

func TestGetEndsAptWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	f := &Fetcher{Cache: t.TempDir(), Run: func(cmd *exec.Cmd) error {
		cmd.Path, cmd.Args, cmd.Err = "/bin/sleep", []string{"sleep", "60"}, nil
		write(t, filepath.Join(cmd.Dir, "partial.deb"), []byte("!<arch>\n"))
		time.AfterFunc(50*time.Millisecond, cancel)
		return cmd.Run()
	}}
	start := time.Now()
	_, err := f.Get(ctx, helloDKMS(nil))
	if !errors.Is(err, context.Canceled) || !errors.As(err, new(*apt.FetchError)) || time.Since(start) > 3*time.Second {
		t.Errorf("err = %v after %v", err, time.Since(start))
	}
	if names := left(t, f.Cache); len(names) > 0 {
		t.Errorf("left behind: %q", names)
	}
}

func TestGetFromManyGoroutinesDownloadsAndOpensOnce(t *testing.T) {
	data := deb(t, "hello-dkms", "1.0-2", tarball(t, dkmsFiles()))
	aptGet := leaves("x.deb", data)
	f := &Fetcher{Cache: t.TempDir(), Run: aptGet.Run}
	var wg sync.WaitGroup
	seen := make([]fs.FileInfo, 8)
	for i := range seen {
		wg.Go(func() {
			tree, err := f.Get(t.Context(), helloDKMS(data))
			if err != nil {
				t.Error(err)
				return
			}
			seen[i], _ = os.Stat(tree.Dir)
		})
	}
	wg.Wait()
	if len(aptGet.calls) != 1 {
		t.Errorf("downloaded %d times", len(aptGet.calls))
	}
	for _, dir := range seen {
		if !os.SameFile(dir, seen[0]) {
			t.Error("opened more than once")
		}
	}
}

func TestGetWantsAVersion(t *testing.T) {
	f := &Fetcher{Cache: t.TempDir(), Run: unusable(t).Run}
	pkg := helloDKMS(nil)
	pkg.Version = word.Version{}
	if _, err := f.Get(t.Context(), pkg); err == nil || !strings.Contains(err.Error(), "get source package hello-dkms: no version") {
		t.Errorf("got %v", err)
	}
	if _, ok := f.Cached(pkg); ok {
		t.Error("cached")
	}
}

func BenchmarkCached(b *testing.B) {
	data := deb(b, "hello-dkms", "1.0-2", tarball(b, dkmsFiles()))
	f := &Fetcher{Cache: b.TempDir(), Run: leaves("x.deb", data).Run}
	if _, err := f.Get(b.Context(), helloDKMS(data)); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, ok := f.Cached(helloDKMS(data)); !ok {
			b.Fatal("not cached")
		}
	}
}

// An unprivileged user builds from the tree, so the umask of whoever opened it must not matter.
func TestGetOpensForEverybody(t *testing.T) {
	defer syscall.Umask(syscall.Umask(0o077))
	data := deb(t, "hello-dkms", "1.0-2", tarball(t, dkmsFiles()))
	f := &Fetcher{Cache: filepath.Join(t.TempDir(), "var/cache"), Run: leaves("x.deb", data).Run}
	if _, err := f.Get(t.Context(), helloDKMS(data)); err != nil {
		t.Fatal(err)
	}
	err := filepath.WalkDir(f.Cache, func(path string, e fs.DirEntry, err error) error {
		if err != nil || strings.HasSuffix(path, ".lock") || e.Type() == fs.ModeSymlink {
			return err
		}
		if _, mode := owner(t, path); mode&0o555 != 0o555 && e.IsDir() || mode&0o444 != 0o444 {
			t.Errorf("%s has mode %o", path, mode)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestCheck: what is opened is what it was, until somebody has been at it.
func TestCheck(t *testing.T) {
	data := deb(t, "hello-dkms", "1.0-2", tarball(t, dkmsFiles()))
	f := &Fetcher{Cache: t.TempDir(), Run: leaves("x.deb", data).Run}
	for name, harm := range map[string]func(dir string){
		"edited":  func(dir string) { write(t, filepath.Join(dir, "dkms.conf"), []byte("MAKE=true\n")) },
		"added":   func(dir string) { write(t, filepath.Join(dir, "more.c"), nil) },
		"removed": func(dir string) { _ = os.RemoveAll(dir) },
	} {
		f.Fresh = true
		tree, err := f.Get(t.Context(), helloDKMS(data))
		if err != nil {
			t.Fatal(err)
		}
		if err := tree.Check(t.Context()); err != nil {
			t.Errorf("as it was opened: %v", err)
		}
		harm(tree.Dir)
		var edited *EditedError
		if again, ok := f.Cached(helloDKMS(data)); !ok || !errors.As(again.Check(t.Context()), &edited) || edited.Dir != tree.Dir {
			t.Errorf("%s: no word of it", name)
		}
	}
}

// TestGetWhileItIsRead: who finds the source being fetched takes it as soon as it is there, though it is then built from.
func TestGetWhileItIsRead(t *testing.T) {
	data := deb(t, "hello-dkms", "1.0-2", tarball(t, dkmsFiles()))
	f := &Fetcher{Cache: t.TempDir(), Run: leaves("x.deb", data).Run}
	tree, err := f.Get(t.Context(), helloDKMS(data))
	if err != nil {
		t.Fatal(err)
	}
	release, err := f.Hold(t.Context(), tree)
	if err != nil {
		t.Fatal(err)
	}
	defer release()
	asked := 0
	cached := func() (*Tree, error) {
		if asked++; asked > 1 {
			return tree, nil
		}
		return nil, nil
	}
	got, err := f.once(t.Context(), "hello-dkms", cached, func() (*Tree, error) { return nil, errors.New("fetched again") })
	if got != tree || err != nil {
		t.Errorf("got %v, %v", got, err)
	}
}
