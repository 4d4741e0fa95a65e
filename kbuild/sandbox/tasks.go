package sandbox

import (
	"bytes"
	"os"
	"slices"
	"strconv"

	"golang.org/x/sys/unix"
)

// task is a process as /proc/<pid>/stat has it.
type task struct {
	pid, parent int
	threads     int64
	ticks       int64 // processor time, its own and that of its children that have ended and that it has waited for
	pages       int64 // in memory, with those of files
	runs        bool  // whether its first thread has a processor, or waits for one
}

// below gives the processes below this one: all, or those that are found by who has started whom. That costs little on a machine with
// many processes, but may miss some where others end meanwhile (/proc/<pid>/task/<tid>/children in proc(5)).
func below(whole bool) []task {
	if whole {
		return descendants()
	}
	all := ownChildren()
	if all == nil {
		return descendants()
	}
	return withBelow(all, nil)
}

// withBelow appends processes and all below them. It reads what was started last first, and at once: a process that goes on as a new
// one every few milliseconds is among these.
func withBelow(pids []int, found []task) []task {
	from := len(found)
	for _, pid := range slices.Backward(pids) {
		if p, ok := readTask(pid); ok {
			found = append(found, p)
		}
	}
	for _, p := range found[from:] {
		found = withBelow(p.children(), found)
	}
	return found
}

// descendants are all processes below this one.
func descendants() []task {
	children := map[int][]task{}
	for _, p := range tasks() {
		children[p.parent] = append(children[p.parent], p)
	}
	below := children[os.Getpid()]
	for i := 0; i < len(below); i++ {
		below = append(below, children[below[i].pid]...)
	}
	return below
}

// tasks lists every process that can be seen; none without /proc.
func tasks() []task {
	dir, err := os.Open("/proc")
	if err != nil {
		return nil
	}
	defer dir.Close()
	const few = 32 // that one names are read for before what they stand for: the youngest come last, and some do not stay
	var all []task
	for {
		names, err := dir.Readdirnames(few)
		if err != nil {
			return all
		}
		for _, name := range names {
			if pid, err := strconv.Atoi(name); err == nil {
				if p, ok := readTask(pid); ok {
					all = append(all, p)
				}
			}
		}
	}
}

// readTask reads proc(5)'s stat; ok is false where there is no such process any more.
func readTask(pid int) (p task, ok bool) {
	text, _ := readProc(procDir(pid)+"/stat", make([]byte, 512)) // enough for the fields that count
	i := bytes.LastIndexByte(text, ')')                          // the name before it may hold anything
	if i < 0 || i+2 > len(text) {
		return p, false
	}
	const state, parent, utime, cstime, threads, resident = 0, 1, 11, 14, 17, 21 // after the name
	p.pid, text = pid, text[i+2:]
	for field := range resident + 1 {
		word, rest, more := bytes.Cut(text, []byte(" "))
		if !more {
			return p, false
		}
		n, _ := strconv.ParseInt(string(word), 10, 64)
		switch {
		case field == state:
			p.runs = string(word) == "R"
		case field == parent:
			p.parent = int(n)
		case utime <= field && field <= cstime:
			p.ticks += n
		case field == threads:
			p.threads = n
		case field == resident:
			p.pages = n
		}
		text = rest
	}
	return p, true
}

// readProc reads a file of /proc at once, as far as there is room. It leaves out what os.ReadFile does besides, which for these
// files is most of the work.
func readProc(name string, room []byte) (text []byte, ok bool) {
	fd, err := unix.Open(name, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, false
	}
	defer unix.Close(fd)
	n, err := unix.Read(fd, room)
	return room[:max(n, 0)], err == nil
}

func procDir(pid int) string { return "/proc/" + strconv.Itoa(pid) }

// children are those that its threads have started.
func (p task) children() []int {
	if p.threads == 1 {
		pids, _ := childrenOf(procDir(p.pid) + "/task/" + strconv.Itoa(p.pid))
		return pids
	}
	return childrenIn(procDir(p.pid) + "/task")
}

// children lists the processes whose parent is this one; of those that come and go meanwhile it may leave some out.
func children() (pids []int) {
	if pids := ownChildren(); pids != nil {
		return pids
	}
	for _, p := range tasks() { // a kernel without CONFIG_PROC_CHILDREN
		if p.parent == os.Getpid() {
			pids = append(pids, p.pid)
		}
	}
	return pids
}

// ownChildren lists this process's children; nil where the kernel keeps no lists. They are in the first thread's list: it has started
// the program (see Serve), and the kernel gives it the orphans. The others' lists are read only where that one is empty, because each
// look at a thread leaves entries of /proc that the kernel has to drop when it ends, which delays whoever waits for this process.
func ownChildren() []int {
	const threads = "/proc/self/task"
	if pids, ok := childrenOf(threads + "/" + strconv.Itoa(os.Getpid())); ok && len(pids) > 0 {
		return pids
	}
	return childrenIn(threads)
}

// childrenIn reads the lists of all threads of a process; nil where the kernel keeps none.
func childrenIn(threads string) (pids []int) {
	dir, err := os.Open(threads)
	if err != nil {
		return nil
	}
	defer dir.Close()
	names, _ := dir.Readdirnames(-1)
	for _, name := range names {
		if started, ok := childrenOf(threads + "/" + name); ok {
			pids = append(slices.Grow(pids, 1), started...)
		}
	}
	return pids
}

// childrenOf reads a thread's list.
func childrenOf(thread string) (pids []int, ok bool) {
	name := thread + "/children"
	room := make([]byte, 512)
	text, ok := readProc(name, room)
	if len(text) == len(room) {
		text, _ = os.ReadFile(name)
	}
	for _, word := range bytes.Fields(text) {
		if pid, err := strconv.Atoi(string(word)); err == nil {
			pids = append(pids, pid)
		}
	}
	return pids, ok
}

func threadsOf(all []task) (threads int64) {
	for _, p := range all {
		threads += p.threads
	}
	return threads
}

// allThreads counts those of the machine, as proc(5)'s loadavg has it: "0.20 0.18 0.12 1/80 11206".
func allThreads() (n int64) {
	text, _ := readProc("/proc/loadavg", make([]byte, 128))
	if fields := bytes.Fields(text); len(fields) > 3 {
		_, all, _ := bytes.Cut(fields[3], []byte("/"))
		n, _ = strconv.ParseInt(string(all), 10, 64)
	}
	return n
}
