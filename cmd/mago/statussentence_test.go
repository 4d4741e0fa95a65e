package main

import (
	"slices"
	"testing"

	"mago/cmd/mago/internal/engine"
	"mago/cmd/mago/internal/store"
)

// told are states in short: kernel, module, state, whether it is wanted.
func told(rows ...[3]string) (all []engine.State) {
	for _, r := range rows {
		s := engine.State{Kernel: r[0], Module: r[1], State: r[2], Word: r[1]}
		s.Wanted = !slices.Contains([]string{engine.StateBuilt, engine.StateLeftover, "trial"}, s.State)
		switch s.State {
		case engine.StatePresent, engine.StateStale:
			s.Installed = "1"
		case engine.StateLeftover:
			s.Installed, s.Recorded = "1", true
		case engine.StateFailed:
			s.Log = "/x/" + s.Module + ".log"
		case "trial":
			s.State = engine.StateFailed
		}
		all = append(all, s)
	}
	return all
}

func TestSentence(t *testing.T) {
	for _, test := range []struct {
		states  []engine.State
		machine int
		want    string
	}{
		{told([3]string{"5", "a", "present"}, [3]string{"6", "a", "present"}), 2, "a is there for the 2 kernels of this machine"},
		{told([3]string{"5", "a", "present"}, [3]string{"6", "a", "present"}), 3, "a is there for 5, 6"},
		{told([3]string{"6", "a", "present"}, [3]string{"6", "b", "present"}, [3]string{"6", "c", "present"}), 1, "all 3 modules are there for 6"},
		{told([3]string{"6", "a", "present"}, [3]string{"6", "b", "excluded"}), 1, "both modules are there where they are wanted"},
		{told([3]string{"6", "a", "missing"}), 1, "a is missing for 6"},
		{told([3]string{"6", "a", "missing"}, [3]string{"6", "b", "missing"}, [3]string{"6", "c", "present"}), 1, "2 of 3 modules are missing for 6"},
		{told([3]string{"6", "a", "missing"}, [3]string{"6", "b", "missing"}), 1, "both modules are missing for 6"},
		{told([3]string{"6", "a", "missing"}, [3]string{"6", "b", "stale"}, [3]string{"6", "c", "failed"}), 1,
			"1 of 3 modules is missing for 6; 1 of 3 modules is stale for 6; 1 of 3 modules does not build for 6"},
		{told([3]string{"4", "a", "missing"}, [3]string{"5", "a", "missing"}, [3]string{"6", "a", "missing"}), 3, "a is missing for 4, 5, 1 more"},
		{told([3]string{"6", "a", "built"}, [3]string{"6", "b", "trial"}), 0, "a is built, not installed, for 6; b did not build for 6"},
		{told([3]string{"5", "a", "leftover"}, [3]string{"6", "a", "present"}), 1, "a is there for 6; a is left over from a kernel that is gone"},
		{told([3]string{"5", "a", "leftover"}, [3]string{"5", "b", "leftover"}), 0, "2 modules are left over from a kernel that is gone"},
	} {
		if got := sentence(test.states, test.machine); got != test.want {
			t.Errorf("got  %q\nwant %q", got, test.want)
		}
	}
}

func TestSteps(t *testing.T) {
	both := told([3]string{"5", "a", "missing"}, [3]string{"5", "b", "stale"}, [3]string{"6", "a", "missing"}, [3]string{"6", "b", "missing"})
	own := slices.Clone(both)
	own[0].Own = true
	gone := told([3]string{"3", "a", "leftover"}, [3]string{"4", "a", "leftover"}, [3]string{"4", "b", "leftover"})
	forgotten := slices.Clone(gone[:1])
	forgotten[0].Installed = ""
	mixed := told([3]string{"3", "a", "leftover"}, [3]string{"3", "mine", "leftover"}, [3]string{"4", "mine", "leftover"}) // mine is ./mine
	mixed[1].Installed, mixed[2].Installed = "", ""
	unknown := told([3]string{"6", "a", "missing"})
	unknown[0].Word = ""
	for _, test := range []struct {
		steps  engine.Steps
		states []engine.State
		want   []string
	}{
		{engine.Steps{System: engine.System{AsRoot: true}}, both, []string{"sudo mago a-i -l 5,6 a b"}},
		{engine.Steps{}, both, []string{"sudo mago a-i -l 5,6 a b"}},
		{engine.Steps{}, own, []string{"mago a-i -S sudo -l 5 a b", "sudo mago a-i -l 6 a b"}},
		{engine.Steps{System: engine.System{AsRoot: true}}, own, []string{"sudo mago a-i -l 5 a b", "sudo mago a-i -l 6 a b"}},
		{engine.Steps{System: engine.System{AsRoot: true, Cache: "/x"}}, both[:1], []string{"sudo mago a-i -l 5 a -u /x"}},
		{engine.Steps{System: engine.System{AsRoot: true}}, unknown, nil},
		{engine.Steps{System: engine.System{AsRoot: true}}, gone, []string{"sudo mago clean --orphans -i -l 3,4 a b"}},
		{engine.Steps{}, gone, []string{"mago purge -l 3 a", "mago purge -l 4 a b", "sudo mago clean --orphans -i -l 3,4 a b"}},
		{engine.Steps{}, forgotten, []string{"mago purge -l 3 a"}},
		{engine.Steps{Remains: func(release string) bool { return release == "3" }}, forgotten, []string{"mago purge -l 3 a", "sudo mago clean --orphans -i -l 3"}},
		{engine.Steps{Remains: func(string) bool { return true }}, mixed,
			[]string{"mago purge -l 3 a mine", "mago purge -l 4 mine", "sudo mago clean --orphans -i -l 4", "sudo mago clean --orphans -i -l 3 a"}},
		{engine.Steps{System: engine.System{AsRoot: true}}, forgotten, []string{"sudo mago clean --orphans -i -l 3 a"}},
		{engine.Steps{System: engine.System{AsRoot: true}}, told([3]string{"6", "a", "trial"}), nil},
		{engine.Steps{System: engine.System{AsRoot: true}}, told([3]string{"4", "a", "leftover"}, [3]string{"5", "b", "missing"}, [3]string{"5", "c", "failed"}),
			[]string{"sudo mago clean --orphans -i -l 4 a", "sudo mago log -l 5 c", "sudo mago a-i -l 5 b"}},
		{engine.Steps{System: engine.System{AsRoot: true, Root: "/srv/a b"}}, told([3]string{"4", "a", "leftover"}),
			[]string{"sudo mago clean --orphans -i -l 4 a --root '/srv/a b'"}},
	} {
		if got := test.steps.Of(test.states); !slices.Equal(got, test.want) {
			t.Errorf("got  %q\nwant %q", got, test.want)
		}
	}
}

func TestIsTrial(t *testing.T) {
	good := store.Record{Module: "a", KernelVersion: "6", Source: store.Source{Package: "a-dkms", Version: "1", SHA256: "x"}}
	local := store.Record{Module: "a", Source: store.Source{Path: "/a", Version: "1", SHA256: "x"}}
	changed := func(r store.Record, change func(*store.Record)) store.Record { change(&r); return r }
	for name, test := range map[string]struct {
		failure, good store.Record
		want          bool
	}{
		"nothing was good before":   {good, store.Record{}, false},
		"the same again":            {good, good, true},
		"a newer version":           {changed(good, func(r *store.Record) { r.Source.Version = "2" }), good, false},
		"a newer kernel package":    {changed(good, func(r *store.Record) { r.KernelVersion = "7" }), good, false},
		"a directory":               {local, good, true},
		"another directory":         {changed(local, func(r *store.Record) { r.Source.Path = "/b" }), local, true},
		"the directory has changed": {changed(local, func(r *store.Record) { r.Source.SHA256 = "y" }), local, false},
	} {
		if got := engine.IsTrial(test.failure, test.good); got != test.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
