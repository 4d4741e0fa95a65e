package soak

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"syscall"
	"time"
)

// scenario is a command that is broken off.
type scenario struct {
	args   []string
	before func(context.Context) error // nil: nothing
	spans  []span                      // of a run that is let go on
}

// span is a time of a run in which one phase lasts.
type span struct {
	phase    string
	from, to time.Duration
}

// look is the time between two looks at the processes, which the run hardly feels.
const look = 3 * time.Millisecond

// phase tells where a run is: the word that the screen showed last, and the programs that mago runs.
func (r *running) phase(pid int) string {
	lines := strings.Split(strings.TrimSpace(r.said()), "\n")
	word, _, _ := strings.Cut(lines[len(lines)-1], " ")
	word = "after " + cmp.Or(word, "start")
	for _, p := range children(processes(), pid) {
		return word + " in " + p.name
	}
	return word
}

// measure lets a command go on to its end and notes its phases.
func (m *machine) measure(ctx context.Context, sc *scenario) (outcome, error) {
	r, pid, err := m.begin(ctx, sc)
	if err != nil {
		return outcome{}, err
	}
	ended := make(chan outcome)
	go func() { ended <- r.wait() }()
	begun := time.Now()
	for {
		select {
		case out := <-ended:
			return out, nil
		case <-time.After(look):
			at, phase := time.Since(begun), r.phase(pid)
			if n := len(sc.spans); n == 0 || sc.spans[n-1].phase != phase {
				sc.spans = append(sc.spans, span{phase, at, at})
			}
			sc.spans[len(sc.spans)-1].to = at + look
		}
	}
}

// begin starts a command and waits until mago is there; pid is 0 where it has ended already.
func (m *machine) begin(ctx context.Context, sc *scenario) (*running, int, error) {
	if sc.before != nil {
		if err := sc.before(ctx); err != nil {
			return nil, 0, err
		}
	}
	r, err := m.start(ctx, m.arguments(sc.args...)...)
	if err != nil {
		return nil, 0, err
	}
	for range 2000 {
		if pid := r.pid(); pid != 0 {
			return r, pid, nil
		}
		time.Sleep(time.Millisecond)
	}
	return r, 0, nil
}

// kill breaks off a command, every second time the matrix, at some moment of some phase and looks at what is there; then the same
// command has to succeed, and builds nothing again that was finished.
func (s *soaking) kill(ctx context.Context, dice *rand.Rand, t *tally) (string, []finding, error) {
	sc := s.scenarios[dice.IntN(len(s.scenarios))]
	if dice.IntN(2) == 0 && s.alike(s.manyUnits.args) {
		sc = s.manyUnits
	}
	if sc.spans == nil {
		if out, err := s.measure(ctx, sc); err != nil || out.code != 0 {
			return "", nil, fmt.Errorf("mago %q, which nothing disturbs: %v, %w:\n%s", sc.args, out, err, out.said)
		}
	}
	for {
		before := s.finished()
		told, err := s.shoot(ctx, sc, dice)
		if err != nil {
			return "", nil, err
		}
		if told == "" {
			t.note("shots that came too late")
			continue
		}
		t.note(told)
		found := append(s.settled(), s.damaged(usual)...)
		finished := since(before, s.finished())
		again, more := s.again(ctx, t, usual, sc.args...)
		if !slices.Contains(sc.args, "-f") {
			found = append(found, s.rebuilt(finished)...)
		}
		return fmt.Sprintf("mago %s: %s, %d units were finished; again: %s", strings.Join(sc.args, " "), told, len(finished), again), append(found, more...), nil
	}
}

// shoot starts a command and kills mago, or all processes every fourth time. It tells where that was, "" where the
// command had ended before.
func (s *soaking) shoot(ctx context.Context, sc *scenario, dice *rand.Rand) (string, error) {
	in := sc.spans[dice.IntN(len(sc.spans))]
	moment := in.from + time.Duration(dice.Float64()*float64(in.to-in.from))
	everything := dice.IntN(4) == 0
	r, pid, err := s.begin(ctx, sc)
	if err != nil {
		return "", err
	}
	if pid == 0 { // which would mean this program's own group
		r.wait()
		return "", nil
	}
	time.Sleep(moment)
	told, all := "killed "+r.phase(pid), processes()
	_ = syscall.Kill(pid, syscall.SIGKILL)
	if everything {
		told += " and all else"
		for _, p := range all {
			_ = syscall.Kill(p.pid, syscall.SIGKILL)
		}
	}
	if code := r.wait().code; code >= 0 && code < 128 {
		return "", nil
	}
	return told, nil
}

// settled finds what goes on without mago and may not.
func (m *machine) settled() []finding {
	if err := settle(); err != nil {
		return []finding{{escaped, err.Error()}}
	}
	return nil
}

// again runs a command that was broken off or failed, for the second time: it succeeds, and nothing is left of the first.
// Where all processes have been killed dpkg has to be run once by hand, and mago says so.
func (m *machine) again(ctx context.Context, t *tally, p places, args ...string) (string, []finding) {
	second := m.mago(ctx, args...)
	if second.code == 12 && strings.Contains(second.said, `dpkg --configure -a"`) {
		t.note("dpkg --configure -a")
		if out := m.run(ctx, "dpkg", "--configure", "-a"); out.code != 0 {
			return second.String(), []finding{{lost, "dpkg --configure -a: " + out.said}}
		}
		second = m.mago(ctx, args...)
	}
	var found []finding
	if second.code != 0 && !m.wasFinished(args, second) {
		found = append(found, finding{lost, fmt.Sprintf("mago %q again: %v:\n%s", args, second, second.said)})
	}
	found = append(found, m.settled()...)
	found = slices.Concat(found, m.damaged(p), m.unsigned(p), m.leftOver(p))
	audit := m.run(ctx, "dpkg", "--audit")
	if audit.said != "" && strings.Contains(second.said, `dpkg --configure -a"`) { // mago had no need of dpkg
		t.note("dpkg --configure -a")
		m.run(ctx, "dpkg", "--configure", "-a")
		audit = m.run(ctx, "dpkg", "--audit")
	}
	if audit.said != "" {
		found = append(found, finding{lost, "dpkg --audit: " + audit.said})
	}
	return second.String(), found
}
