package sandbox

import (
	"math/rand/v2"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"mago/kbuild/sandbox/cgroup"
)

// watch knows what a sandbox's programs take of memory, processes and the disk.
type watch struct {
	order
	reserve unix.Statfs_t   // what has to stay free of the writable directory's file system
	spare   int64           // what has to stay of the machine's memory
	most    int64           // the most of the machine's memory that was nobody's since the beginning
	members *cgroup.Members // nil: no control group tells
	shared  lowest          // memory that processes of the machine share, and what is swapped out
	cores   *cores          // nil: nobody says how many processors it may use
	next    time.Time       // when that directory is measured again
	size    chan measured   // what a measurement gives that is under way; nil: none is
}

// reserved is the part of the free disk space, one of so many, that a build leaves; and of the memory where no control group
// holds it.
const reserved = 20

func newWatch(o order, group *cgroup.Group) *watch {
	w := &watch{order: o}
	meminfo := memoryNow()
	_ = w.shared.growth(sharedNow(meminfo))
	w.most = available(meminfo)
	w.spare = w.most / reserved
	if group != nil {
		if members, err := group.Members(); err == nil {
			w.members = &members
		}
	}
	if o.Shares {
		w.cores = newCores(o)
	}
	if o.Watched != "" && unix.Statfs(o.Watched, &w.reserve) == nil {
		w.reserve.Bavail /= reserved
		w.reserve.Ffree /= reserved
	}
	return w
}

// allowance is what the kernel itself may hold the user's processes to: it counts those of other builds, too, and those
// that the user has anyway, which are no more than all that there are. It is no more than a brake, until the warden has looked.
func (w *watch) allowance() uint64 {
	if w.Limits.Processes == 0 || w.Held.Processes {
		return 0
	}
	const most = 1 << 12 // there are no more numbers than pid_max, which may be 32768
	return uint64(allThreads() + w.Limits.Processes + min(w.Limits.Processes, most))
}

// wholeLooks is how many looks there are for one at everything, in the mean: nobody knows which.
const wholeLooks = 10

// look measures what it has to, and gives the verdict.
func (w *watch) look() verdict {
	memory, processes := w.Limits.Memory > 0 && !w.Held.Memory, w.Limits.Processes > 0 && !w.Held.Processes
	share, bounds := w.cores.look()
	var free, grown int64
	if !w.Held.Memory {
		meminfo := memoryNow()
		free, grown = available(meminfo), w.shared.growth(sharedNow(meminfo))
	}
	if memory || processes || bounds {
		whole, lost := rand.N(wholeLooks) == 0, memory && w.lostMuch(free)
		below, threads := w.inside(whole, lost || bounds)
		if bounds {
			w.cores.bound(below, share, time.Now())
		}
		switch {
		case processes && threads > w.Limits.Processes:
			return "processes"
		case memory && w.memory(below, grown, whole || lost) > w.Limits.Memory:
			return "memory"
		}
	}
	if !w.Held.Memory && free < w.spare {
		return exhausted
	}
	if w.Watched == "" {
		return ""
	}
	if w.isFull() {
		return full
	}
	return w.measure()
}

// inside gives the sandbox's processes, and how many threads they have. Where the control group counts these, it leaves the processes
// out unless each is asked for, or all is looked at: while the machine has not lost much memory, nobody has taken much.
func (w *watch) inside(whole, each bool) (found []task, threads int64) {
	switch {
	case whole || w.members == nil:
		found = below(whole)
	case each:
		for _, pid := range w.members.Processes() {
			if p, ok := readTask(pid); ok {
				found = append(found, p)
			}
		}
	default:
		return nil, w.members.Threads()
	}
	return found, threadsOf(found)
}

// pids are the numbers of the sandbox's processes.
func (w *watch) pids() (pids []int) {
	if w.members != nil {
		return w.members.Processes()
	}
	for _, p := range descendants() {
		pids = append(pids, p.pid)
	}
	return pids
}

func (w *watch) isFull() bool {
	var now unix.Statfs_t
	return unix.Statfs(w.Watched, &now) == nil && (now.Bavail < w.reserve.Bavail || now.Ffree < w.reserve.Ffree)
}

// measure has the writable directory measured for a small part of the time, but every few seconds at least, and does not wait for it:
// a build can make that take long, and is watched meanwhile.
func (w *watch) measure() verdict {
	begun := time.Now()
	select {
	case m := <-w.size:
		w.size, w.next = nil, begun.Add(min(400*m.took, 10*time.Second))
		return w.tooMuch(m.bytes)
	default:
	}
	if w.Limits.Output > 0 && w.size == nil && !begun.Before(w.next) {
		size := make(chan measured, 1)
		w.size = size
		go func() {
			bytes := sizeOf(w.Watched, w.Limits.Output, w.pids())
			size <- measured{bytes, time.Since(begun)}
		}()
	}
	return ""
}

// measured is what a directory takes of the disk, and how long finding that out has taken.
type measured struct {
	bytes int64
	took  time.Duration
}

func (w *watch) tooMuch(size int64) verdict {
	if w.Limits.Output > 0 && size > w.Limits.Output {
		return "output"
	}
	return ""
}

// last tells of a program that failed whether it was by a limit of the kernel's, before anybody looked.
func (w *watch) last(status syscall.WaitStatus) verdict {
	switch {
	case status.ExitStatus() == 0:
		return ""
	case w.outgrown():
		return "memory"
	case w.Watched == "":
		return ""
	case w.isStarved():
		return starved
	case w.Limits.Output == 0:
		return ""
	}
	return w.tooMuch(sizeOf(w.Watched, w.Limits.Output, w.pids()))
}

// isStarved allows for the files that were too many: a program mostly removes them when it fails. Where a file system tells of
// no blocks or names at all, it does not count them.
func (w *watch) isStarved() bool {
	const nothing = 1 << 20
	var now unix.Statfs_t
	return unix.Statfs(w.Watched, &now) == nil && (now.Blocks > 0 && int64(now.Bavail)*now.Bsize < nothing || now.Files > 0 && now.Ffree == 0)
}
