package sandbox

import (
	"os"
	"path/filepath"
	"strconv"
	"time"

	"golang.org/x/sys/unix"

	"mago/kbuild/jobs"
)

// cores holds programs that use more of the processors than their build has tokens to its share of them, where no control group
// does. Most builds ask for tokens, and are left alone.
type cores struct {
	shares  *os.File
	grouped bool  // whether a control group sees to it
	all     []int // the processors that mago may run on
	since   time.Time
	ticks   int64  // what had been used then
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
	c.measure(share, ticksOf(below), now)
	if c.bounded || share.Held == 0 {
		c.pin(below, share)
	}
}

// measure finds out whether it is too much.
func (c *cores) measure(share jobs.Share, ticks int64, now time.Time) {
	c.held = max(c.held, share.Held)
	took := now.Sub(c.since)
	if took < span {
		return
	}
	used := float64(ticks-c.ticks) / hertz / took.Seconds()
	const more = 0.5 // of a processor: make and shells run beside the compilers
	if c.excess++; c.since.IsZero() || used <= float64(c.held)+more {
		c.excess = 0
	}
	c.bounded = c.bounded || c.excess == mostSpans
	c.since, c.ticks, c.held = now, ticks, share.Held
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
		threads, _ := os.ReadDir(filepath.Join("/proc", strconv.Itoa(p.pid), "task"))
		for _, t := range threads {
			if tid, err := strconv.Atoi(t.Name()); err == nil {
				_ = unix.SchedSetaffinity(tid, &set)
			}
		}
	}
}
