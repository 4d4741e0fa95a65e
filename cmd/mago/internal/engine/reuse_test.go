package engine

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"mago/cmd/mago/internal/store"
	"mago/kbuild/kernel"
	"mago/sources"
)

// kernelCalled is a kernel whose headers are here.
func kernelCalled(release string) kernel.Kernel {
	return kernel.Kernel{Release: release, Headers: "/h"}
}

// TestNewestFirst: the compilation for the newest kernel may serve those before it.
func TestNewestFirst(t *testing.T) {
	var got []string
	for _, k := range newestFirst([]kernel.Kernel{kernelCalled("6.12.9-amd64"), kernelCalled("6.1.0-56-amd64"), kernelCalled("6.12.118-amd64")}) {
		got = append(got, k.Release)
	}
	if want := []string{"6.12.118-amd64", "6.12.9-amd64", "6.1.0-56-amd64"}; !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
}

// TestQueueForReuse: with --reuse a module's units come one after the other, those of others meanwhile.
func TestQueueForReuse(t *testing.T) {
	var all []Unit
	for _, module := range []string{"a", "b"} {
		for _, release := range []string{"6.3", "6.2", "6.1"} {
			all = append(all, Unit{unit: unit{target{name: module}, kernelCalled(release)}})
		}
	}
	for reuse, want := range map[bool]int{true: 2, false: 6} {
		q := newQueue(all, func(Unit) float64 { return 1 }, func(string) bool { return reuse })
		if len(q.ready) != want {
			t.Errorf("reuse %v: %d may begin at once, not %d", reuse, len(q.ready), want)
		}
		order := map[string]string{}
		for j := q.next(); j != nil; j = q.next() {
			order[j.name] += j.Kernel.Release + " "
			q.end(j)
		}
		if reuse && (order["a"] != "6.3 6.2 6.1 " || order["b"] != "6.3 6.2 6.1 ") {
			t.Errorf("got %q", order)
		}
	}
}

// TestBuildsElsewhere: those of the unit's source that were compiled, of the unit's flavour first, the nearest kernel's first.
func TestBuildsElsewhere(t *testing.T) {
	dn := &donors{base: &base{store: store.Open(t.TempDir())}}
	tree := &sources.Tree{Own: "a", Version: "1", SHA256: "s", Dir: "/a"}
	record := func(release string, change func(*store.Record)) {
		t.Helper()
		r := store.Record{Format: store.Format, Module: "a", Kernel: release, Result: store.Built, Source: store.Source{Version: "1", SHA256: "s", Path: "/a"}, Version: "1"}
		if change != nil {
			change(&r)
		}
		commit(t, dn.store, r)
	}
	for _, release := range []string{"6.12.111-amd64", "6.12.118-amd64", "6.12.116-amd64", "6.12.117-rt-amd64", "6.12.117-amd64"} {
		record(release, nil)
	}
	record("6.12.119-amd64", func(r *store.Record) { r.Source.SHA256 = "t" })
	record("6.12.120-amd64", func(r *store.Record) { r.Source.Version = "2" })
	record("6.12.121-amd64", func(r *store.Record) { r.Reused = &store.Reuse{Kernel: "6.12.118-amd64"} })
	record("6.12.122-amd64", func(r *store.Record) { r.Source.Path = "/b" })
	u := unit{target{name: "a", tree: tree}, kernelCalled("6.12.117-amd64")}
	builds, err := dn.buildsElsewhere(u)
	var got []string
	for _, r := range builds {
		got = append(got, r.Kernel)
	}
	want := []string{"6.12.116-amd64", "6.12.118-amd64", "6.12.111-amd64", "6.12.117-rt-amd64"}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("got %q, %v", got, err)
	}
	u.Kernel.Headers = ""
	if builds, err := dn.buildsElsewhere(u); err != nil || len(builds) > 0 {
		t.Errorf("without headers: got %v, %v", builds, err)
	}
}

// commit puts a record with its package into a store.
func commit(t *testing.T, s *store.Store, r store.Record) {
	t.Helper()
	log, err := s.CreateLog(r.ID())
	if err == nil {
		_, err = s.MakeStage(r.ID())
	}
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	r.Deb = fmt.Sprintf("%s/%s-modules-%s_1_amd64.deb", s.Debs(), r.Module, r.Kernel)
	if err := os.WriteFile(filepath.Join(s.Stage(r.ID()), filepath.Base(r.Deb)), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := s.Commit(&r, log); err != nil {
		t.Fatal(err)
	}
}
