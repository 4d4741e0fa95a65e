package engine

import (
	"slices"
	"strings"
	"testing"
)

// unitsOf makes a plan's units of lines "name" or "name needed needed".
func unitsOf(lines ...string) (units []Unit) {
	for _, line := range lines {
		names := strings.Fields(line)
		u := Unit{unit: unit{target: target{name: names[0]}}}
		for _, n := range names[1:] {
			u.needed = append(u.needed, target{name: n})
		}
		units = append(units, u)
	}
	return units
}

// drained is the order in which so many workers are given units, each of which ends when all of them have one.
func drained(q *queue, workers int) (order []string) {
	var busy []*job
	for {
		for len(busy) < workers && len(q.ready)+len(q.later) > 0 {
			j := q.next()
			order, busy = append(order, j.name), append(busy, j)
		}
		if len(busy) == 0 {
			return order
		}
		q.end(busy[0])
		busy = busy[1:]
	}
}

// TestQueueLongestChainFirst: what others need, and what takes longest, comes first, and nothing before what it needs.
func TestQueueLongestChainFirst(t *testing.T) {
	seconds := map[string]float64{"zfs": 600, "spl": 20, "small": 5, "tiny": 1, "upper": 300, "lower": 350}
	q := newQueue(unitsOf("tiny", "small", "lower", "upper lower", "spl", "zfs spl"), func(u Unit) float64 { return seconds[u.name] }, func(string) bool { return false })
	if got, want := strings.Join(drained(q, 2), " "), "lower spl upper zfs small tiny"; got != want {
		t.Errorf("%s, not %s", got, want)
	}
	if q.next() != nil {
		t.Error("a unit after the last one")
	}
}

// TestQueuePutOff: what is put off comes when nothing else is ready, and what needs it after it.
func TestQueuePutOff(t *testing.T) {
	q := newQueue(unitsOf("one", "two one", "three"), func(Unit) float64 { return 1 }, func(string) bool { return false })
	first := q.next()
	q.putOff(first)
	if order := drained(q, 1); first.name != "one" || !slices.Equal(order, []string{"three", "one", "two"}) {
		t.Errorf("first %s, then %q", first.name, order)
	}
}

// TestQueueCloses: whoever waits for a unit is told that none comes.
func TestQueueCloses(t *testing.T) {
	q := newQueue(unitsOf("one", "two one"), func(Unit) float64 { return 1 }, func(string) bool { return false })
	q.next()
	ended := make(chan *job)
	go func() { ended <- q.next() }()
	q.close()
	if j := <-ended; j != nil {
		t.Errorf("%s comes", j.name)
	}
}
