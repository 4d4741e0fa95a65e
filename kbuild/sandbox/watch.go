package sandbox

import (
	"math/rand/v2"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// watch knows what a sandbox's programs take of memory, processes and the disk.
type watch struct {
	order
	reserve unix.Statfs_t // what has to stay free of the writable directory's file system
	spare   int64         // what has to stay of the machine's memory
	free    int64         // what of the machine's memory was nobody's at the beginning
	shared  lowest        // memory that processes of the machine share, and what is swapped out
	cores   *cores        // nil: nobody says how many processors it may use
	next    time.Time     // when that directory is measured again
	size    chan measured // what a measurement gives that is under way; nil: none is
}

// reserved is the part of the free disk space, one of so many, that a build leaves; and of the memory where no control group
// holds it.
const reserved = 20

func newWatch(o order) *watch {
	w := &watch{order: o}
	_ = w.shared.growth(sharedNow())
	w.free = available()
	w.spare = w.free / reserved
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
// that the user has anyway. It is no more than a brake, until the warden has looked.
func (w *watch) allowance() uint64 {
	if w.Limits.Processes == 0 || w.Held.Processes {
		return 0
	}
	uid := uint32(os.Getuid())
	if w.Drop {
		uid = w.UID
	}
	have := int64(0)
	for _, p := range tasks() {
		if p.owner() == uid {
			have += p.threads
		}
	}
	const most = 1 << 12 // there are no more numbers than pid_max, which may be 32768
	return uint64(have + w.Limits.Processes + min(w.Limits.Processes, most))
}

// wholeLooks is how many looks there are for one at everything, in the mean: nobody knows which.
const wholeLooks = 10

// look measures what it has to, and gives the verdict.
func (w *watch) look() verdict {
	memory, processes := w.Limits.Memory > 0 && !w.Held.Memory, w.Limits.Processes > 0 && !w.Held.Processes
	share, bounds := w.cores.look()
	free := available()
	if memory || processes || bounds {
		whole := rand.N(wholeLooks) == 0
		below := below(whole)
		if bounds {
			w.cores.bound(below, share, time.Now())
		}
		switch {
		case processes && threadsOf(below) > w.Limits.Processes:
			return "processes"
		case memory && w.memory(below, free, whole) > w.Limits.Memory:
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

func (w *watch) isFull() bool {
	var now unix.Statfs_t
	return unix.Statfs(w.Watched, &now) == nil && (now.Bavail < w.reserve.Bavail || now.Ffree < w.reserve.Ffree)
}

// measure has the writable directory measured for a fiftieth of the time, but every few seconds at least, and does not wait for it: a build can make that
// take long, and is watched meanwhile.
func (w *watch) measure() verdict {
	begun := time.Now()
	select {
	case m := <-w.size:
		w.size, w.next = nil, begun.Add(min(50*m.took, 10*time.Second))
		return w.tooMuch(m.bytes)
	default:
	}
	if w.Limits.Output > 0 && w.size == nil && !begun.Before(w.next) {
		size := make(chan measured, 1)
		w.size = size
		go func() {
			bytes := sizeOf(w.Watched, w.Limits.Output)
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
	case status.ExitStatus() == 0 || w.Watched == "":
		return ""
	case w.isStarved():
		return starved
	case w.Limits.Output == 0:
		return ""
	}
	return w.tooMuch(sizeOf(w.Watched, w.Limits.Output))
}

// isStarved allows for the files that were too many: a program mostly removes them when it fails. Where a file system tells of
// no blocks or names at all, it does not count them.
func (w *watch) isStarved() bool {
	const nothing = 1 << 20
	var now unix.Statfs_t
	return unix.Statfs(w.Watched, &now) == nil && (now.Blocks > 0 && int64(now.Bavail)*now.Bsize < nothing || now.Files > 0 && now.Ffree == 0)
}
