package catalog

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"mago/debpkg/word"
)

func mustUpdate(t testing.TB, r *root) *Index {
	t.Helper()
	ix, err := Update(t.Context(), r.config())
	if err != nil {
		t.Fatal(err)
	}
	return ix
}

func (r *root) cacheDir(t testing.TB) []string {
	entries, err := os.ReadDir(r.path("/var/cache/mago"))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

func TestUpdate(t *testing.T) {
	r := newRoot(t)
	r.policy["nvidia-kernel-dkms"] = "535.309.01-0+deb12u1" // listed after 535.261.03-1
	ix := mustUpdate(t, r)
	if dkms, ma := ix.Count(); dkms != 40 || ma != 15 || len(ix.Modules) != 43 {
		t.Errorf("%d dkms and %d module-assistant packages of %d modules, want 40, 15, 43", dkms, ma, len(ix.Modules))
	}
	if !slices.IsSortedFunc(ix.Modules, func(a, b Module) int { return strings.Compare(a.Name, b.Name) }) {
		t.Error("modules are not sorted")
	}
	if ix.Format != Format || !ix.Built.Equal(epoch) {
		t.Errorf("format %d built %v", ix.Format, ix.Built)
	}
	p := ix.pkg("nvidia-kernel-dkms")
	if p.Version.String() != "535.309.01-0+deb12u1" || !strings.HasSuffix(p.Filename, "nvidia-kernel-dkms_535.309.01-0+deb12u1_amd64.deb") {
		t.Errorf("the candidate %s comes as %s", p.Version, p.Filename)
	}
	if got := r.cacheDir(t); !slices.Equal(got, []string{indexName}) {
		t.Errorf("left behind: %q", got)
	}
}

func TestUpdatePackage(t *testing.T) {
	r := newRoot(t)
	r.write(listsDir+"/x_Packages", `Package: foo-source
Source: foo-src (1.0)
Version: 1.0-1
Architecture: all
Maintainer: A <a@b.c>
Section: contrib/kernel
Homepage: https://example.org/
Depends: module-assistant, bar
Pre-Depends: p
Recommends: r
Suggests: s
Provides: foo
Conflicts: c
Breaks: b
Replaces: e
Enhances: n
Filename: pool/f/foo.deb
SHA256: 0123
Size: 4711
description: a synopsis
 and more
`)
	want := Package{
		Name: named("foo-source"), Kind: ModuleAssistant, Version: versioned("1.0-1"),
		Architecture: word.Must(word.ParseArchitecture("all")), Source: named("foo-src"), Section: "contrib/kernel",
		Maintainer: "A <a@b.c>", Homepage: "https://example.org/", Description: "a synopsis", LongDescription: "and more", Depends: "module-assistant, bar", PreDepends: "p",
		Recommends: "r", Suggests: "s", Provides: "foo", Conflicts: "c", Breaks: "b", Replaces: "e", Enhances: "n",
		Filename: "pool/f/foo.deb", SHA256: "0123", Size: 4711,
	}
	want.Unauthenticated = true // the list has no signed Release beside it
	if got := mustUpdate(t, r).pkg("foo-source"); got == nil || *got != want {
		t.Errorf("got %+v\nwant %+v", got, want)
	}
}

// The dkms package comes first, and one that apt may not install stays known without a version.
func TestUpdateRecipes(t *testing.T) {
	r := newRoot(t)
	r.policy["dahdi-dkms"] = "(none)"
	m, p, err := mustUpdate(t, r).Resolve("dahdi")
	if err != nil || p != nil || len(m.Packages) != 2 {
		t.Fatalf("got %+v, %v, %v", m, p, err)
	}
	if m.Packages[0].Kind != DKMS || !m.Packages[0].Version.IsZero() || m.Packages[1].Name.String() != "dahdi-source" || m.Packages[1].Version.IsZero() {
		t.Errorf("got %+v", m.Packages)
	}
}

func TestUpdateOpensTheSame(t *testing.T) {
	r := newRoot(t)
	r.write(statusFile, "Package: zfs-dkms\nStatus: install ok installed\nVersion: 1\nArchitecture: all\n")
	updated := mustUpdate(t, r)
	if !updated.Changed || mustUpdate(t, r).Changed {
		t.Error("the first Update has changed something, the second one nothing")
	}
	updated.Changed = false
	opened, err := Open(r.config())
	if err != nil || !reflect.DeepEqual(updated, opened) {
		t.Errorf("Open differs from Update: %v", err)
	}
}

func TestUpdateForeign(t *testing.T) {
	r := newRoot(t)
	r.write(listsDir+"/_srv_flat_._Packages", "Package: foreign-dkms\nVersion: 1\nArchitecture: i386\nFilename: ./y\n\nPackage: flat-dkms\nVersion: 1\nArchitecture: all\nFilename: ./x\n")
	ix := mustUpdate(t, r)
	if ix.pkg("flat-dkms") == nil || ix.pkg("foreign-dkms") != nil {
		t.Errorf("flat-dkms %v, foreign-dkms %v", ix.pkg("flat-dkms"), ix.pkg("foreign-dkms"))
	}
}

// The list of a file: archive is a link to an absolute path, which is one inside the root.
func TestUpdateLinkedList(t *testing.T) {
	r := newRoot(t)
	r.write("/srv/flat/Packages", "Package: flat-dkms\nVersion: 1\nArchitecture: all\nFilename: ./x\n")
	if err := os.Symlink("/srv/flat/./Packages", r.path(listsDir+"/_srv_flat_._Packages")); err != nil {
		t.Fatal(err)
	}
	if mustUpdate(t, r).pkg("flat-dkms") == nil {
		t.Error("not found")
	}
}

func TestUpdateErrors(t *testing.T) {
	main := listsDir + "/mirror_debian_dists_bookworm_main_binary-amd64_Packages.lz4"
	tests := []struct {
		name  string
		spoil func(*root)
		want  []string
	}{
		{"no lists", func(r *root) { r.remove(listsDir) }, []string{ErrNoLists.Error()}},
		{"no binary lists", func(r *root) { r.remove(listsDir); r.write(listsDir+"/lock", "") }, []string{ErrNoLists.Error()}},
		{"no dpkg", func(r *root) { r.fail = "dpkg" }, []string{"find the native architecture: run dpkg: exit status 100: E: dpkg is out of order"}},
		{"no apt", func(r *root) { r.fail = "apt-cache" }, []string{"ask apt for candidate versions: run apt-cache: exit status 100: E: apt-cache is out of order"}},
		{"damaged list", func(r *root) { r.write(main, "Package: a\n\nPackage: b-dkms\nVersion 1\n") }, []string{"parse ", "_Packages.lz4: line 4: "}},
		{"damaged status", func(r *root) { r.write(statusFile, "Package: b-dkms\nStatus: install ok installed\nVersion\n") }, []string{"parse ", "/dpkg/status: line 3: "}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := newRoot(t)
			tt.spoil(r)
			_, err := Update(t.Context(), r.config())
			for _, want := range append(tt.want, "update the module index: ") {
				if err == nil || !strings.Contains(err.Error(), want) {
					t.Errorf("got %v, want %q", err, want)
				}
			}
			if errors.Is(err, ErrNoLists) != (tt.want[0] == ErrNoLists.Error()) {
				t.Errorf("errors.Is(%v, ErrNoLists) = %v", err, errors.Is(err, ErrNoLists))
			}
			if left, _ := filepath.Glob(r.path("/var/cache/mago/*")); left != nil {
				t.Errorf("left behind: %q", left)
			}
		})
	}
}

func TestUpdateOutsideRoot(t *testing.T) {
	c := newRoot(t).config()
	c.Dir = c.Root.String() + "-beside"
	if _, err := Update(t.Context(), c); err == nil || !strings.Contains(err.Error(), "is not inside the root") {
		t.Errorf("got %v", err)
	}
	if _, err := os.Stat(c.Dir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%s was made: %v", c.Dir, err)
	}
}

// A failed Update leaves the index that was there.
func TestUpdateKeepsOldIndex(t *testing.T) {
	r := newRoot(t)
	mustUpdate(t, r)
	r.fail = "apt-cache"
	if _, err := Update(t.Context(), r.config()); err == nil {
		t.Fatal("no error")
	}
	if _, err := Open(r.config()); err != nil {
		t.Error(err)
	}
}

// TestUpdateSweeps has the clock stand before what a killed update left.
func TestUpdateSweeps(t *testing.T) {
	r := newRoot(t)
	lists, index := "/var/cache/mago/"+selectionPrefix+"1", "/var/cache/mago/."+indexName+"123"
	r.write(lists+"/x", "")
	r.write(index, "{")
	if err := os.Chtimes(r.path(lists), epoch.Add(time.Hour), epoch.Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	mustUpdate(t, r)
	for _, path := range []string{lists, index} {
		if _, err := os.Stat(r.path(path)); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s of a killed update is still there: %v", path, err)
		}
	}
}
