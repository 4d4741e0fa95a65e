package soak

import (
	"context"
	"fmt"
	"math/rand/v2"
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
	built := 0
	for _, r := range all {
		out := r.wait()
		t.note(out.String())
		built += out.built()
		busy := out.code == exitBusy && !slices.Contains(r.cmd.Args, "--wait")
		if out.code != 0 && !busy {
			found = append(found, finding{lost, fmt.Sprintf("%q: %v:\n%s", r.cmd.Args, out, out.said)})
		}
	}
	if units := 2 * len(locals); built != units {
		found = append(found, finding{lost, fmt.Sprintf("%d units were edited, and together they have built %d", units, built)})
	}
	found = append(append(found, s.settled()...), s.damaged(usual)...)
	again, more := s.again(ctx, t, usual, append([]string{"a-i"}, modules...)...)
	return fmt.Sprintf("%d at once, of whom %d units were built; again: %s", s.crowd, built, again), append(found, more...), nil
}

// canWait reports whether this mago knows --wait.
func (m *machine) canWait(ctx context.Context) bool {
	return strings.Contains(m.mago(ctx, "help", "options").said, "--wait")
}
