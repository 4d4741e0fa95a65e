package engine

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"mago/cmd/mago/internal/store"
	"mago/kbuild/jobs"
	"mago/kbuild/sandbox"
	"mago/sources/lock"
)

// crew is a run of so many units with as many workers, and what it has told of failures.
func crew(t *testing.T, units int, o Options) (r *run, told func() []string) {
	var mutex sync.Mutex
	var texts []string
	o.Root = t.TempDir()
	b := &base{host: &host{}, pool: jobs.NewPool(units), known: new(known), process: new(lock.Process), Options: o, Paths: Paths{Cache: filepath.Join(o.Root, "cache")}}
	b.say = newReporter(func(e Event) {
		mutex.Lock()
		defer mutex.Unlock()
		if e.Kind == Failed {
			texts = append(texts, e.Text)
		}
	})
	p := &Plan{}
	for i := range units {
		p.Units = append(p.Units, Unit{unit: unit{target: target{name: fmt.Sprint("module", i)}}})
	}
	return newRun(newEngine(b), p), func() []string { return texts }
}

// TestWorkersMeet: units of one process that want a lock at the same time get it one after the other, where another process
// would be turned away.
func TestWorkersMeet(t *testing.T) {
	for range 20 {
		r, _ := crew(t, 4, Options{})
		var begun sync.WaitGroup
		begun.Add(4)
		var inside atomic.Int32
		r.do = func(e *Engine, u Unit) (UnitResult, error) {
			begun.Done()
			begun.Wait()
			return UnitResult{}, e.build.withUnitLock(t.Context(), r.plan.Units[0].unit, "built", func() error {
				defer inside.Add(-1)
				if inside.Add(1) > 1 {
					return errors.New("two have the lock")
				}
				_, err := os.ReadDir(filepath.Join(e.Cache, "locks"))
				return err
			})
		}
		if err := r.units(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}

// TestWorkersAhead: beside as many units as can be built at once, one more is made ready, and what a unit took does not count the time
// that it waited for its place.
func TestWorkersAhead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, _ := crew(t, 4, Options{})
		r.pool = jobs.NewPool(2)
		var inside, most atomic.Int32
		r.do = func(e *Engine, u Unit) (UnitResult, error) {
			inside.Add(1)
			time.Sleep(time.Hour) // by then all have begun that do so together
			most.Store(max(most.Load(), inside.Load()))
			e.begins()
			time.Sleep(time.Second)
			inside.Add(-1)
			return UnitResult{State: ResultBuilt}, nil
		}
		if err := r.units(t.Context()); err != nil {
			t.Fatal(err)
		}
		if most.Load() != 3 {
			t.Errorf("there were %d at work", most.Load())
		}
		for _, result := range r.report().Results {
			if result.Seconds != 1 {
				t.Errorf("%s took %v seconds", result.Unit, result.Seconds)
			}
		}
	})
}

// TestWorkersExpect: what is only to be installed takes no part of the memory of what is built.
func TestWorkersExpect(t *testing.T) {
	r, _ := crew(t, 4, Options{})
	r.known.sandbox.now, r.known.sandbox.have = sandbox.Sandbox{Kind: sandbox.Bubblewrap}, true
	r.plan.Request.Goal, r.plan.Units[1].Due.Build, r.plan.Units[2].Due.Build = Installed, true, true
	r.do = func(*Engine, Unit) (UnitResult, error) { return UnitResult{}, errors.New("stop") }
	_ = r.units(t.Context())
	if n := r.pool.AtOnce(); n != 2 {
		t.Errorf("of four units two are compiled, and %d are expected", n)
	}
}

// TestWorkersOneAtATime: where sandboxes do not keep builds of the build user from each other, there is one build at a time, and that
// has all memory.
func TestWorkersOneAtATime(t *testing.T) {
	for name, test := range map[string]struct {
		sandbox sandbox.Sandbox
		alone   bool
	}{
		"bubblewrap":               {sandbox.Sandbox{Kind: sandbox.Bubblewrap, Drop: true}, false},
		"mounts":                   {sandbox.Sandbox{Kind: sandbox.Namespaces, Mounts: true, Drop: true}, false},
		"Landlock":                 {sandbox.Sandbox{Kind: sandbox.Namespaces, Landlock: 1, Drop: true}, false},
		"neither":                  {sandbox.Sandbox{Kind: sandbox.Namespaces, Drop: true}, true},
		"a user":                   {sandbox.Sandbox{Kind: sandbox.User, Landlock: 6, Drop: true}, false},
		"a user's signals":         {sandbox.Sandbox{Kind: sandbox.User, Landlock: 5, Drop: true}, true},
		"who is not parted anyway": {sandbox.Sandbox{Kind: sandbox.User, Landlock: 5}, false},
	} {
		r, _ := crew(t, 3, Options{})
		for i := range r.plan.Units {
			r.plan.Units[i].Due.Build = true
		}
		r.known.sandbox.now, r.known.sandbox.have = test.sandbox, true
		var inside, most atomic.Int32
		r.do = func(*Engine, Unit) (UnitResult, error) {
			if n := inside.Add(1); n > most.Load() {
				most.Store(n)
			}
			time.Sleep(20 * time.Millisecond)
			inside.Add(-1)
			return UnitResult{State: ResultBuilt}, nil
		}
		if err := r.units(t.Context()); err != nil {
			t.Fatal(err)
		}
		if alone := most.Load() == 1; alone != test.alone || alone != (r.pool.AtOnce() == 1) {
			t.Errorf("%s: %d at once, %d expected", name, most.Load(), r.pool.AtOnce())
		}
	}
}

// TestWorkersVerdict: a run fails with the error of the plan's first unit that has failed, whichever was quicker, and tells of
// each.
func TestWorkersVerdict(t *testing.T) {
	r, told := crew(t, 3, Options{})
	quick, slow, failed := errors.New("quick"), errors.New("slow"), make(chan struct{})
	r.do = func(e *Engine, u Unit) (UnitResult, error) {
		switch u.name {
		case "module0":
			<-failed
			return UnitResult{}, slow
		case "module1":
			close(failed)
			return UnitResult{}, quick
		}
		return UnitResult{State: ResultBuilt}, nil
	}
	err := r.units(t.Context())
	if several := (*SeveralError)(nil); !errors.As(err, &several) || several.First != slow || len(several.States) != 2 || several.Units != 3 {
		t.Error(err)
	}
	if told := told(); !slices.Contains(told, "quick") || !slices.Contains(told, "slow") {
		t.Errorf("told of %q", told)
	}
	var states []string
	for _, result := range r.report().Results {
		states = append(states, result.Unit.Module+" "+result.State)
	}
	if want := []string{"module0 failed", "module1 failed", "module2 built"}; !slices.Equal(states, want) {
		t.Errorf("results %q, not %q", states, want)
	}
}

// TestInterrupted: a unit that ends with what has interrupted the run has not failed.
func TestInterrupted(t *testing.T) {
	r, _ := crew(t, 1, Options{})
	ctx, interrupt := context.WithCancelCause(t.Context())
	r.do = func(*Engine, Unit) (UnitResult, error) {
		interrupt(errors.New("interrupted"))
		_, err := r.pool.Enter(ctx)
		return UnitResult{}, cmp.Or(err, context.Cause(ctx)) // a place that is free may be had all the same
	}
	if err := r.units(ctx); err == nil || r.report().Results[0].State != ResultUntried {
		t.Error(err, r.report().Results)
	}
}

// TestInstallAllWaits: a run that installs what it has built waits for a mago that builds one of the units again, and that one gets
// the lock of the common files meanwhile.
func TestInstallAllWaits(t *testing.T) {
	r, _ := crew(t, 2, Options{})
	var parcels []*parcel
	for i := range r.plan.Units {
		u := &r.plan.Units[i].unit
		u.Kernel.Release = "6.1.0-9-amd64"
		record := store.Record{Format: store.Format, Module: u.name, Kernel: u.Kernel.Release, Result: store.Built, Version: "1.0+6.1", Package: u.packageName(), Common: &store.Package{}}
		text, err := json.Marshal(record)
		if err := errors.Join(err, os.MkdirAll(r.store.Dir(u.id()), 0o755), os.WriteFile(filepath.Join(r.store.Dir(u.id()), "record.json"), text, 0o644)); err != nil {
			t.Fatal(err)
		}
		if built, _ := r.store.Get(u.id()); built.Common == nil {
			t.Fatal("the record cannot be read")
		}
		parcels = append(parcels, &parcel{unit: *u})
	}
	other := lock.Locks{Dir: filepath.Join(r.Cache, "locks"), Limit: lock.AtOnce}
	release, err := other.Take(t.Context(), parcels[0].thing("built"))
	if err != nil {
		t.Fatal(err)
	}
	waits, taken := make(chan struct{}), make(chan error)
	r.say = newReporter(func(e Event) {
		if e.Kind == Begin && e.Phase == "wait" {
			close(waits)
		}
	})
	go func() {
		unlock, err := r.lockParcels(t.Context(), parcels)
		if err == nil {
			unlock()
		}
		taken <- err
	}()
	<-waits
	common, err := other.Take(t.Context(), commonThing(parcels[0].name, "written", false))
	if err != nil {
		t.Error("the builder waits for who waits for it:", err)
	} else {
		common()
	}
	release()
	if err := <-taken; err != nil {
		t.Error(err)
	}
}

// TestRunsShare: two magos with the same units, in opposite orders and of few tokens, both come to their end, and each unit is
// built once.
func TestRunsShare(t *testing.T) {
	for range 20 {
		cache := t.TempDir()
		var built sync.Map
		var runs sync.WaitGroup
		var once sync.Once
		met := make(chan struct{}) // closed once one run has found that the other has the first unit
		for i := range 2 {
			r, told := crew(t, 6, Options{})
			r.pool, r.Cache = jobs.NewPool(2), cache
			r.plan.Units[5].needed = []target{r.plan.Units[0].target}
			if i > 0 {
				slices.Reverse(r.plan.Units[:5])
			}
			r.do = func(e *Engine, u Unit) (UnitResult, error) {
				err := e.build.withUnitLock(t.Context(), u.unit, "built", func() error {
					if u.name == "module0" {
						<-met
					}
					client, err := r.pool.Enter(t.Context())
					if err != nil {
						return err
					}
					defer client.Leave()
					if who, done := built.LoadOrStore(u.name, i); !done {
						return nil
					} else if who == i {
						return errors.New("a run has built a unit twice")
					}
					return nil
				})
				if errors.As(err, new(*lock.BusyError)) {
					once.Do(func() { close(met) })
				}
				return UnitResult{}, err
			}
			runs.Go(func() {
				if err := r.units(t.Context()); err != nil || len(r.results) != 6 {
					t.Error(err, told())
				}
			})
		}
		runs.Wait()
	}
}

// What has failed gives a run's exit code, even where something before it was not to be built.
func TestFirstOfSeveral(t *testing.T) {
	excluded, failed, other := errors.New("excluded"), errors.New("failed"), errors.New("other")
	for want, results := range map[error][]UnitResult{
		failed:   {{State: ResultExcluded, Err: excluded}, {State: ResultFailed, Err: failed}, {State: ResultFailed, Err: other}},
		excluded: {{State: ResultExcluded, Err: excluded}, {State: ResultSkipped, Err: other}},
	} {
		var e SeveralError
		for _, r := range results {
			e.add(r)
		}
		if e.First != want || len(e.States) != len(results) {
			t.Errorf("the first is %v, not %v; states are %v", e.First, want, e.States)
		}
	}
}
