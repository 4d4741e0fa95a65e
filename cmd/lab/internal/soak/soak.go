package soak

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"

	"mago/cmd/lab/internal/debian"
)

// soaking is one run of this program.
type soaking struct {
	options
	*machine
	scenarios []*scenario
	manyUnits *scenario // what is killed most
	places    []*disk
	ways      []*failure
	tallies   []*tally
	stderr    io.Writer
}

// part is one kind of harm: try does it once, in a way that its dice choose, tells how that went, and what was wrong.
type part struct {
	name  string
	times int
	try   func(context.Context, *rand.Rand, *tally) (told string, found []finding, err error)
}

func soak(ctx context.Context, o options, stdout, stderr io.Writer) error {
	if err := ownProc(); err != nil {
		return err
	}
	store, err := debian.OpenNamedStore(o.store, "bookworm", io.Discard)
	if err != nil {
		return err
	}
	defer store.Close()
	fmt.Fprintf(stderr, "soak: -seed %d; preparing a clean Debian with all modules built\n", o.seed)
	m, err := newMachine(ctx, store)
	if err != nil {
		return err
	}
	s := &soaking{options: o, machine: m, scenarios: m.newScenarios(), places: m.newDisks(), ways: m.newFailures(), stderr: stderr}
	if err := s.restrict(); err != nil {
		return err
	}
	s.manyUnits = &scenario{args: m.matrix(), before: func(context.Context) error { return m.edit() }}
	err = s.all(ctx)
	table(stdout, s.tallies)
	if err != nil {
		return err
	}
	for _, t := range s.tallies {
		if t.bad() {
			return fmt.Errorf("%s; -seed %d has the same chances again", t.first, o.seed)
		}
	}
	return nil
}

// restrict leaves the commands that -like means.
func (s *soaking) restrict() error {
	s.scenarios = slices.DeleteFunc(s.scenarios, func(sc *scenario) bool { return !s.alike(sc.args) })
	s.places = slices.DeleteFunc(s.places, func(d *disk) bool { return !s.alike(d.args) })
	if len(s.scenarios) == 0 {
		return fmt.Errorf("-like: no command has one of the words %s", s.like)
	}
	if len(s.places) == 0 {
		s.disks = 0
	}
	return nil
}

// all does every part that is chosen.
func (s *soaking) all(ctx context.Context) error {
	for i, p := range s.parts() {
		if !s.chosen(p.name) || p.times == 0 {
			continue
		}
		t := &tally{part: p.name, stderr: s.stderr}
		s.tallies = append(s.tallies, t)
		for n := s.first; n < s.first+p.times; n++ {
			dice := rand.New(rand.NewPCG(s.seed, uint64(i)<<32|uint64(n)))
			told, found, err := p.try(ctx, dice, t)
			if ctx.Err() != nil {
				return ctx.Err()
			}
			if err != nil {
				return fmt.Errorf("%s %d: %w", p.name, n, err)
			}
			t.runs++
			fmt.Fprintf(s.stderr, "soak: %s %d: %s\n", p.name, n, told)
			t.add(fmt.Sprintf("%s %d", p.name, n), found)
		}
		t.add(p.name, s.grown())
	}
	return nil
}

func (s *soaking) parts() []part {
	return []part{
		{"kills", s.kills, s.kill},
		{"disks", s.disks, s.full},
		{"calls", s.faults, s.fail},
		{"tools", s.failures, s.fall},
		{"dates", s.clocks, s.misdate},
		{"crowds", min(s.crowd, 1), s.gather},
		{"hostile", s.hostile, s.attack},
		{"packages", s.hostile, s.steal},
		{"opens", min(s.hostile, 1), s.watch},
		{"requests", s.requests, s.spoil},
		{"signers", min(s.crowd, 1), s.rush},
		{"fuzz", int(min(s.fuzz, 1)), s.fuzzAll},
	}
}
