package sandbox

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"golang.org/x/sys/unix"

	"mago/kbuild/jobs"
)

// cores keeps a build on its share of the processors once its programs use more of them than it has tokens, where no control group
// does that. Most builds ask for tokens, and are left alone.
type cores struct {
	shares  *os.File
	grouped bool  // whether a control group sees to it
	all     []int // the processors that mago may run on
	since   time.Time
	ticks   int64  // what had been used then
	running int    // the threads that ran, of all looks since together
	looks   int    // how many these are
	held    uint32 // the most tokens since
	excess  int    // how often in a row it was more than tokens allow
	bounded bool
}

// told are the warden's own files after its report.
func (o order) told() []int {
	if !o.Shares {
		return nil
	}
	return []int{reported + 1}
}

func newCores(o order) *cores {
	c := &cores{shares: os.NewFile(uintptr(o.told()[0]), "shares"), grouped: o.Held.Cores}
	var set unix.CPUSet
	if unix.SchedGetaffinity(0, &set) == nil {
		for i := 0; len(c.all) < set.Count(); i++ {
			if set.IsSet(i) {
				c.all = append(c.all, i)
			}
		}
	}
	return c
}

const (
	span      = time.Second // over which what is used is measured
	mostSpans = 2           // in a row in which a build may use too much
	hertz     = 100         // ticks of a second in /proc (USER_HZ)
)

// look reads the share, and reports whether programs are to be held to it. Those of a build without a token are in any case: they
// do not ask for one.
func (c *cores) look() (share jobs.Share, bounds bool) {
	if c == nil {
		return share, false
	}
	share, err := jobs.ReadShare(c.shares)
	return share, err == nil && (!c.grouped || share.Held == 0)
}

// bound looks at what programs use, and keeps those that use too much on their share's processors.
func (c *cores) bound(below []task, share jobs.Share, now time.Time) {
	if !c.bounded {
		c.measure(share, ticksOf(below), running(below), now)
	}
	if c.bounded || share.Held == 0 {
		c.pin(below, share)
	}
}

// measure finds out whether it is too much, by what was used and by how many threads ran: the time of a process that ends while its
// parent ignores SIGCHLD is nobody's (getrusage(2)), so that many short ones use no time at all.
func (c *cores) measure(share jobs.Share, ticks int64, running int, now time.Time) {
	c.held, c.running, c.looks = max(c.held, share.Held), c.running+running, c.looks+1
	took := now.Sub(c.since)
	if took < span {
		return
	}
	const waits = 1 // threads that run in the mean and yet have no processor, as make's while a compiler has it
	used := max(float64(ticks-c.ticks)/hertz/took.Seconds(), float64(c.running)/float64(c.looks)-waits)
	const more = 0.5 // of a processor: make and shells run beside the compilers
	if c.excess++; c.since.IsZero() || used <= float64(c.held)+more {
		c.excess = 0
	}
	c.bounded = c.bounded || c.excess == mostSpans
	c.since, c.ticks, c.held, c.running, c.looks = now, ticks, share.Held, 0, 0
}

// mostThreads is how many threads beside first ones are looked at: what many processes with many threads use, ticks tell.
const mostThreads = 256

// running counts the threads that have a processor, or wait for one.
func running(below []task) (n int) {
	left := mostThreads
	for _, p := range below {
		switch {
		case p.threads > 1 && left > 0:
			looked, run := p.runningThreads(left)
			left, n = left-looked, n+run
		case p.runs:
			n++
		}
	}
	return n
}

// runningThreads looks at no more threads than most.
func (p task) runningThreads(most int) (looked, run int) {
	dir, err := os.Open(filepath.Join(procDir(p.pid), "task"))
	if err != nil {
		return 0, 0
	}
	defer dir.Close()
	threads, _ := dir.Readdirnames(most)
	for _, t := range threads {
		text, _ := os.ReadFile(filepath.Join(dir.Name(), t, "stat"))
		if i := bytes.LastIndexByte(text, ')'); i >= 0 && bytes.HasPrefix(text[i+1:], []byte(" R")) {
			run++
		}
	}
	return len(threads), run
}

// ticksOf is what programs have used, those that have ended among them.
func ticksOf(below []task) (ticks int64) {
	var ended unix.Rusage
	if unix.Getrusage(unix.RUSAGE_CHILDREN, &ended) == nil {
		ticks = (ended.Utime.Nano() + ended.Stime.Nano()) / (int64(time.Second) / hertz)
	}
	for _, p := range below {
		ticks += p.ticks
	}
	return ticks
}

// pin has every thread run on the share's processors alone; what they start inherits that.
func (c *cores) pin(below []task, share jobs.Share) {
	var set unix.CPUSet
	for i := range min(int(share.Cores), len(c.all)) {
		set.Set(c.all[(int(share.First)+i)%len(c.all)])
	}
	for _, p := range below {
		_ = unix.SchedSetaffinity(p.pid, &set)
		if p.threads < 2 {
			continue
		}
		threads, _ := os.ReadDir(filepath.Join(procDir(p.pid), "task"))
		for _, t := range threads {
			if tid, err := strconv.Atoi(t.Name()); err == nil {
				_ = unix.SchedSetaffinity(tid, &set)
			}
		}
	}
}
