package soak

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
)

// exitBusy is mago's exit code for what another mago is at.
const exitBusy = 14

// gather runs mago many times at once, each for all modules in an order of its own, and every second one for both kernels. Who finds
// a module taken comes back to it, or waits for it where that is what it is told; nobody builds what another one has built.
func (s *soaking) gather(ctx context.Context, dice *rand.Rand, t *tally) (string, []finding, error) {
	if err := s.edit(); err != nil {
		return "", nil, err
	}
	modules := slices.Concat(locals, packaged)
	var all []*running
	for n := range s.crowd {
		dice.Shuffle(len(modules), func(i, j int) { modules[i], modules[j] = modules[j], modules[i] })
		args := append([]string{"-i", "a-i"}, modules...)
		if n%2 == 0 {
			args = append([]string{"-i"}, s.matrix()...)
		}
		if n%4 > 1 && s.canWait(ctx) {
			args = append(args, "--wait")
		}
		r, err := s.start(ctx, s.arguments(args...)...)
		if err != nil {
			return "", nil, err
		}
		all = append(all, r)
	}
	var found []finding
	built := map[string]int{}
	for _, r := range all {
		out := r.wait()
		t.note(out.String())
		for _, unit := range out.built() {
			built[unit]++
		}
		busy := out.code == exitBusy && !slices.Contains(r.cmd.Args, "--wait")
		if out.code != 0 && !busy {
			found = append(found, finding{lost, fmt.Sprintf("%q: %v:\n%s", r.cmd.Args, out, out.said)})
		}
	}
	for _, unit := range s.editedUnits() {
		if built[unit] == 0 {
			found = append(found, finding{lost, unit + " was edited, and nobody has built it"})
		}
	}
	for _, unit := range slices.Sorted(maps.Keys(built)) {
		if built[unit] > 1 {
			found = append(found, finding{lost, fmt.Sprintf("%s was built %d times", unit, built[unit])})
		}
	}
	found = append(append(found, s.settled()...), s.damaged(usual)...)
	again, more := s.again(ctx, t, usual, append([]string{"a-i"}, modules...)...)
	return fmt.Sprintf("%d at once have built %d units; again: %s", s.crowd, len(built), again), append(found, more...), nil
}

// editedUnits are those of the local modules, as a run names them.
func (m *machine) editedUnits() (units []string) {
	for _, dir := range locals {
		for _, kernel := range []string{m.kernel, m.other} {
			units = append(units, filepath.Base(dir)+" "+kernel)
		}
	}
	return units
}

// canWait reports whether this mago knows --wait.
func (m *machine) canWait(ctx context.Context) bool {
	return strings.Contains(m.mago(ctx, "help", "options").said, "--wait")
}
