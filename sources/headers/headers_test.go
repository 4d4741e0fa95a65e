package headers

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"mago/debpkg/apt"
	"mago/debpkg/word"
	"mago/sources/lock"
)

// archive has the packages that its apt-get serves, and counts the calls.
type archive struct {
	debs  map[string][]byte
	lock  sync.Mutex
	calls [][]string
}

// add makes a package with one file and gives what apt's lists would have of it.
func (a *archive) add(t *testing.T, name, version, content string) apt.Deb {
	t.Helper()
	path := filepath.Join(t.TempDir(), "x")
	for dir, files := range map[string]map[string]string{
		"DEBIAN":          {"control": fmt.Sprintf("Package: %s\nVersion: %s\nArchitecture: all\nMaintainer: A <a@example.org>\nDescription: x\n", name, version), "md5sums": "0 x\n"},
		"usr/src/" + name: {"Makefile": content},
	} {
		if err := os.MkdirAll(filepath.Join(path, dir), 0o755); err != nil {
			t.Fatal(err)
		}
		for file, text := range files {
			if err := os.WriteFile(filepath.Join(path, dir, file), []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	deb := filepath.Join(t.TempDir(), "x.deb")
	if out, err := exec.Command("dpkg-deb", "--root-owner-group", "-b", path, deb).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	text, err := os.ReadFile(deb)
	if err != nil {
		t.Fatal(err)
	}
	a.debs[name+"="+version] = text
	sum := sha256.Sum256(text)
	target := word.Target{Name: word.Must(word.ParsePackage(name)), Version: word.Must(word.ParseVersion(version)), Architecture: word.Must(word.ParseArchitecture("all"))}
	return apt.Deb{Target: target, SHA256: hex.EncodeToString(sum[:])}
}

func (a *archive) run(cmd *exec.Cmd) error {
	names := cmd.Args[slices.Index(cmd.Args, "--")+1:]
	a.lock.Lock()
	a.calls = append(a.calls, names)
	a.lock.Unlock()
	for _, name := range names {
		deb, ok := a.debs[name]
		if !ok {
			return errors.New("nobody has " + name)
		}
		file := strings.Replace(name, "=", "_", 1) + "_all.deb"
		if err := os.WriteFile(filepath.Join(cmd.Dir, file), deb, 0o644); err != nil {
			return err
		}
	}
	return nil
}

func newCache(t *testing.T) (Cache, *archive) {
	a := &archive{debs: map[string][]byte{}}
	dir := t.TempDir()
	return Cache{Dir: filepath.Join(dir, "headers"), Run: a.run, Locks: lock.Locks{Dir: filepath.Join(dir, "locks")}}, a
}

// TestFetch: what kernels share is fetched and opened once, by one call for all, and belongs to nobody else to write to.
func TestFetch(t *testing.T) {
	c, a := newCache(t)
	one, two, shared := a.add(t, "headers-1", "1.0", "one"), a.add(t, "headers-2", "1.0", "two"), a.add(t, "linux-kbuild", "1.0", "kbuild")
	if err := c.Fetch(t.Context(), []apt.Deb{one, shared, two, shared}); err != nil {
		t.Fatal(err)
	}
	if err := c.Fetch(t.Context(), []apt.Deb{one, two, shared}); err != nil || len(a.calls) != 1 || len(a.calls[0]) != 3 {
		t.Errorf("got %v after the calls %q", err, a.calls)
	}
	p, ok := c.Find(shared)
	sum := sha256.Sum256([]byte("0 x\n"))
	if !ok || p.Version != "1.0" || p.Sums != hex.EncodeToString(sum[:]) {
		t.Errorf("got %+v, %v", p, ok)
	}
	text, err := os.ReadFile(filepath.Join(p.Data, "usr/src/linux-kbuild/Makefile"))
	if err != nil || string(text) != "kbuild" {
		t.Errorf("got %q, %v", text, err)
	}
	names := walk(t, c.Dir)
	if slices.ContainsFunc(names, func(name string) bool { return strings.Contains(name, tempPrefix) || strings.HasSuffix(name, ".deb") }) {
		t.Errorf("left behind: %q", names)
	}
	shared.SHA256 = one.SHA256
	if _, ok := c.Find(shared); ok {
		t.Error("a package is found that another .deb was")
	}
}

// walk lists a directory, in which nobody but its owner may write.
func walk(t *testing.T, dir string) (names []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		names = append(names, path)
		if info, err := entry.Info(); err != nil || info.Mode()&0o022 != 0 && entry.Type() != fs.ModeSymlink {
			t.Errorf("%s: %v, %v", path, info.Mode(), err)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

// TestFetchFails: what is not what apt's lists have is not kept, and nor is half of anything; what a killed process left goes.
func TestFetchFails(t *testing.T) {
	c, a := newCache(t)
	good, bad := a.add(t, "headers-1", "1.0", "one"), a.add(t, "headers-2", "1.0", "two")
	left := filepath.Join(c.Dir, tempPrefix+"headers-3_1.0_all", dataDir)
	if err := os.MkdirAll(left, 0o755); err != nil {
		t.Fatal(err)
	}
	a.debs["headers-2=1.0"] = bytes.Replace(a.debs["headers-2=1.0"], []byte("data.tar"), []byte("data.rat"), 1)
	var fetch *apt.FetchError
	if err := c.Fetch(t.Context(), []apt.Deb{good, bad}); !errors.As(err, &fetch) || fetch.Package != "headers-2" {
		t.Errorf("got %v", err)
	}
	if all, err := c.List(); err != nil || len(all) != 0 || len(walk(t, c.Dir)) != 1 {
		t.Errorf("kept %+v, %v: %q", all, err, walk(t, c.Dir))
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := c.Fetch(ctx, []apt.Deb{good}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if err := c.Fetch(t.Context(), []apt.Deb{good}); err != nil {
		t.Error(err)
	}
}

// TestFetchInParts: of many packages those stay that came before one that fails.
func TestFetchInParts(t *testing.T) {
	c, a := newCache(t)
	var debs []apt.Deb
	for i := range together + 1 {
		debs = append(debs, a.add(t, fmt.Sprint("headers-", i), "1.0", "x"))
	}
	delete(a.debs, fmt.Sprintf("headers-%d=1.0", together))
	var fetch *apt.FetchError
	if err := c.Fetch(t.Context(), debs); !errors.As(err, &fetch) {
		t.Errorf("got %v", err)
	}
	if all, err := c.List(); err != nil || len(all) != together {
		t.Errorf("kept %d, %v", len(all), err)
	}
}

// TestFetchedOnce: of two that want a package at once, one fetches it.
func TestFetchedOnce(t *testing.T) {
	c, a := newCache(t)
	deb := a.add(t, "headers-1", "1.0", "one")
	errs := make([]error, 2)
	var both sync.WaitGroup
	for i := range errs {
		both.Go(func() { errs[i] = c.Fetch(t.Context(), []apt.Deb{deb}) })
	}
	both.Wait()
	if err := errors.Join(errs...); err != nil || len(a.calls) != 1 {
		t.Errorf("got %v after the calls %q", err, a.calls)
	}
}

// TestRemove: a package that is read stays until it is not, and is then gone for who wants to hold it.
func TestRemove(t *testing.T) {
	c, a := newCache(t)
	deb := a.add(t, "headers-1", "1:1.0", "one")
	if err := c.Fetch(t.Context(), []apt.Deb{deb}); err != nil {
		t.Fatal(err)
	}
	p, _ := c.Find(deb)
	release, err := c.Hold(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	hasty := c
	hasty.Locks.Limit = lock.AtOnce
	if _, err := hasty.Remove(t.Context(), p); !errors.As(err, new(*lock.BusyError)) {
		t.Errorf("while it is read: got %v", err)
	}
	release()
	if freed, err := hasty.Remove(t.Context(), p); err != nil || freed == 0 || len(walk(t, c.Dir)) != 1 {
		t.Errorf("freed %d, %v: %q", freed, err, walk(t, c.Dir))
	}
	if _, err := c.Hold(t.Context(), p); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("gone: got %v", err)
	}
}
