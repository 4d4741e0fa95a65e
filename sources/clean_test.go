package sources

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"mago/kbuild/deep"
)

// filled is a cache with hello from a -dkms and a -source package, and from a tarball of the user's.
func filled(t *testing.T) *Fetcher {
	t.Helper()
	f := &Fetcher{Cache: t.TempDir()}
	dkms := deb(t, "hello-dkms", "1.0-2", tarball(t, dkmsFiles()))
	source := deb(t, "hello-source", "1.0-2", tarball(t, files{"usr/src/hello.tar": string(tarball(t, moduleFiles()))}))
	f.Run = leaves("x.deb", dkms).Run
	if _, err := f.Get(t.Context(), helloDKMS(dkms)); err != nil {
		t.Fatal(err)
	}
	f.Run = leaves("x.deb", source).Run
	if _, err := f.Get(t.Context(), helloSource(source)); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Local(t.Context(), write(t, filepath.Join(t.TempDir(), "world-3.tar"), tarball(t, files{"Makefile": "all:"}))); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(f.Cache, "trees/half/1/data/x"), []byte("half-made"))
	return f
}

// TestReplace: there is always a tree, the one or the other, and nothing is left beside it.
func TestReplace(t *testing.T) {
	dir := t.TempDir()
	final, temp := filepath.Join(dir, "1.0"), filepath.Join(dir, tempPrefix+"1.0")
	write(t, filepath.Join(final, "tree.json"), nil)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for range 100 {
			write(t, filepath.Join(temp, "tree.json"), nil)
			if err := replace(final, temp); err != nil {
				t.Error(err)
			}
		}
	}()
	for ended := false; !ended; {
		select {
		case <-done:
			ended = true
		default:
		}
		if _, err := os.Stat(final); err != nil {
			t.Fatal(err)
		}
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 1 {
		t.Errorf("there are %v, %v", left, err)
	}
}

func unpacked(t *testing.T, f *Fetcher) []string {
	t.Helper()
	trees, err := f.Unpacked()
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, u := range trees {
		names = append(names, strings.Join([]string{u.Name, u.Version, u.Package, string(u.Origin)}, "|"))
	}
	return names
}

const (
	worldTree  = "world|3||tarball"
	dkmsTree   = "hello|1.0-2|hello-dkms|archive"
	sourceTree = "hello|1.0-2|hello-source|archive"
)

func TestUnpackedListsCompleteTrees(t *testing.T) {
	if got, want := unpacked(t, filled(t)), []string{worldTree, dkmsTree, sourceTree}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := unpacked(t, &Fetcher{Cache: filepath.Join(t.TempDir(), "none")}); len(got) > 0 {
		t.Errorf("without a cache: %q", got)
	}
}

func TestCleanRemovesTreesAndPurgeDownloads(t *testing.T) {
	const dkmsDeb, sourceDeb = "hello-dkms_1.0-2_all.deb", "hello-source_1.0-2_all.deb"
	for _, test := range []struct {
		name  string
		purge bool
		trees []string
		debs  []string
	}{
		{"hello", false, []string{worldTree}, []string{dkmsDeb, sourceDeb}},
		{"hello", true, []string{worldTree}, nil},
		{"hello-dkms", true, []string{worldTree, sourceTree}, []string{sourceDeb}},
		{"world", true, []string{dkmsTree, sourceTree}, []string{dkmsDeb, sourceDeb}},
		{"half", false, []string{worldTree, dkmsTree, sourceTree}, []string{dkmsDeb, sourceDeb}},
		{"unknown", true, []string{worldTree, dkmsTree, sourceTree}, []string{dkmsDeb, sourceDeb}},
		{"tarballs", true, []string{worldTree, dkmsTree, sourceTree}, []string{dkmsDeb, sourceDeb}},
		{"", false, nil, []string{dkmsDeb, sourceDeb}},
		{"", true, nil, nil},
	} {
		f := filled(t)
		before := deep.Size(f.Cache)
		remove := f.Clean
		if test.purge {
			remove = f.Purge
		}
		freed, err := remove(t.Context(), test.name)
		if after := deep.Size(f.Cache); err != nil || freed.Bytes != before-after {
			t.Errorf("%q: freed %+v of %d, %d are left, %v", test.name, freed, before, after, err)
		}
		if got := unpacked(t, f); !slices.Equal(got, test.trees) {
			t.Errorf("%q: trees %q, want %q", test.name, got, test.trees)
		}
		var debs []string
		for _, name := range left(t, f.Cache) {
			if strings.HasPrefix(name, "downloads/") {
				debs = append(debs, filepath.Base(name))
			}
		}
		if !slices.Equal(debs, test.debs) {
			t.Errorf("%q: downloads %q, want %q", test.name, debs, test.debs)
		}
	}
}

// TestCleanKeepsEdited: what somebody has changed by hand cannot be opened again.
func TestCleanKeepsEdited(t *testing.T) {
	f := filled(t)
	trees, err := f.Unpacked()
	if err != nil {
		t.Fatal(err)
	}
	own := trees[slices.IndexFunc(trees, func(u Unpacked) bool { return u.Package == "hello-dkms" })]
	write(t, filepath.Join(own.Dir, "mine.c"), nil)
	f.KeepEdited = true
	freed, err := f.Clean(t.Context(), "")
	if err != nil || freed.Trees != 3 || !slices.Equal(freed.Edited, []string{"hello"}) {
		t.Errorf("got %+v, %v", freed, err)
	}
	if got := unpacked(t, f); !slices.Equal(got, []string{dkmsTree}) {
		t.Errorf("trees %q", got)
	}
	f.KeepEdited = false
	if _, err := f.Clean(t.Context(), "hello"); err != nil || len(unpacked(t, f)) > 0 {
		t.Errorf("by its name it stays: %v", err)
	}
}

// TestCleanTellsOfLeftovers: what a killed process left and cannot be removed is not freed.
func TestCleanTellsOfLeftovers(t *testing.T) {
	f := filled(t)
	write(t, filepath.Join(f.trees(), "hello-dkms", tempPrefix+"old", "x"), nil)
	file := filepath.Join(f.Cache, "locks", "hello-dkms.lock")
	if err := errors.Join(os.Remove(file), os.Mkdir(file, 0o755)); err != nil { // it stops root, too
		t.Fatal(err)
	}
	if _, err := f.Clean(t.Context(), "unknown"); err == nil || !strings.Contains(err.Error(), tempPrefix+"old") {
		t.Errorf("got %v", err)
	}
}
