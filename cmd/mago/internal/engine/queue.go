package engine

import (
	"cmp"
	"slices"
	"sync"
)

// queue gives out the units of a plan: each after those that it needs, and of those whose turn may come the one first that most
// work hangs on, so that nothing long is left alone at the end. Several goroutines may take from it.
type queue struct {
	lock   sync.Mutex
	moved  *sync.Cond
	ready  []*job // the most urgent first
	later  []*job // put off, which come once nothing else is ready
	open   int    // jobs that have not ended
	closed bool
}

// job is a unit in a queue.
type job struct {
	Unit
	order  int     // in the plan
	needs  int     // units that have to end before
	usedBy []*job  // that need it
	length float64 // seconds of the longest chain of units that it begins
	putOff bool    // whether another process had it when its turn came
}

// newQueue makes a queue of units in an order in which what others need comes first; seconds is how long one may take. Where units
// may be made from modules of other kernels, each waits for its module's unit before it, which may become its donor.
func newQueue(units []Unit, seconds func(Unit) float64, reuses func(module string) bool) *queue {
	q := &queue{open: len(units)}
	q.moved = sync.NewCond(&q.lock)
	jobs, at, last := make([]*job, len(units)), map[UnitID]*job{}, map[string]*job{}
	for i, u := range units {
		j := &job{Unit: u, order: i}
		for _, n := range u.needed {
			if need := at[unit{n, u.Kernel}.id()]; need != nil {
				need.usedBy, j.needs = append(need.usedBy, j), j.needs+1
			}
		}
		if before := last[u.name]; before != nil && reuses(u.name) {
			before.usedBy, j.needs = append(before.usedBy, j), j.needs+1
		}
		jobs[i], at[u.id()], last[u.name] = j, j, j
	}
	for _, j := range slices.Backward(jobs) {
		for _, user := range j.usedBy {
			j.length = max(j.length, user.length)
		}
		j.length += seconds(j.Unit)
		if j.needs == 0 {
			q.ready = append(q.ready, j)
		}
	}
	slices.SortFunc(q.ready, urgency)
	return q
}

func urgency(a, b *job) int {
	return cmp.Or(cmp.Compare(b.length, a.length), cmp.Compare(a.order, b.order))
}

// next waits for a unit whose turn has come; nil means that there is none any more. end or putOff follows.
func (q *queue) next() *job {
	q.lock.Lock()
	defer q.lock.Unlock()
	for !q.closed && q.open > 0 {
		for _, from := range []*[]*job{&q.ready, &q.later} {
			if len(*from) > 0 {
				j := (*from)[0]
				*from = (*from)[1:]
				return j
			}
		}
		q.moved.Wait()
	}
	return nil
}

// putOff takes a unit back that another process works on.
func (q *queue) putOff(j *job) {
	q.lock.Lock()
	defer q.lock.Unlock()
	j.putOff = true
	q.later = append(q.later, j)
	q.moved.Signal()
}

// end lets those come that needed the unit.
func (q *queue) end(j *job) {
	q.lock.Lock()
	defer q.lock.Unlock()
	q.open--
	for _, user := range j.usedBy {
		if user.needs--; user.needs == 0 {
			at, _ := slices.BinarySearchFunc(q.ready, user, urgency)
			q.ready = slices.Insert(q.ready, at, user)
		}
	}
	q.moved.Broadcast()
}

// close lets nothing come any more.
func (q *queue) close() {
	q.lock.Lock()
	defer q.lock.Unlock()
	q.closed = true
	q.moved.Broadcast()
}
