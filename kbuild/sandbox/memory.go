package sandbox

import (
	"bufio"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// memory is what processes hold of it in bytes, apart from files on a disk. What several share need be in nobody's page
// tables; it is looked for only where the machine has so much more of it than before, grown, that it would matter. Where it is not
// the time to look at everything, what they have mapped is enough as long as that is little, and the machine has not lost much either.
func (w *watch) memory(below []task, grown int64, exactly bool) (bytes int64) {
	if mapped := mappedBy(below); !exactly && mapped < w.Limits.Memory/little {
		bytes = mapped
	} else {
		for _, p := range below {
			bytes += p.held()
		}
	}
	if grown > 0 && bytes+grown > w.Limits.Memory {
		bytes += sharedBy(below, grown)
	}
	return bytes
}

// outgrown reports whether a program that has ended was so large that the kernel may have held it to its own limit of memory, which
// is above the one that is watched. On a busy machine a program may get there between two looks.
func (w *watch) outgrown() bool {
	var ended unix.Rusage
	if w.Limits.Memory == 0 || w.Held.Memory || unix.Getrusage(unix.RUSAGE_CHILDREN, &ended) != nil {
		return false
	}
	return ended.Maxrss<<10 > w.Limits.Memory+memorySlack/2 // files that it has mapped are in that figure, too
}

// little is the part of the limit of memory, one of so many, up to which what is in use is only estimated.
const little = 2

// lostMuch reports whether the machine, of whose memory free is nobody's now, has lost so much of it that one build may have it.
func (w *watch) lostMuch(free int64) bool {
	w.most = max(w.most, free)
	return w.most-free >= w.Limits.Memory/little
}

// mappedBy is what is in memory of what processes have mapped. It leaves out what is swapped out, and page tables. Where the first
// thread has ended, nothing counts as mapped.
func mappedBy(all []task) (bytes int64) {
	for _, p := range all {
		if p.pages == 0 && p.threads > 1 {
			bytes += p.held()
		}
		bytes += p.pages * int64(os.Getpagesize())
	}
	return bytes
}

// memoryNow is /proc/meminfo, which a look reads once.
func memoryNow() []byte {
	text, _ := readProc("/proc/meminfo", make([]byte, 1<<13))
	return text
}

// available is what the machine has of memory that is nobody's yet.
func available(meminfo []byte) int64 { return amounts(meminfo, "MemAvailable", "SwapFree") }

// lowest is the least that a figure has been.
type lowest struct {
	value int64
	known bool
}

// growth is by how much a figure is above the least that it has been.
func (l *lowest) growth(now int64) int64 {
	if !l.known || now < l.value {
		l.value, l.known = now, true
	}
	return now - l.value
}

// sharedNow is what the machine has of shared memory, files in memory among it, wherever it is.
func sharedNow(meminfo []byte) int64 {
	return amounts(meminfo, "Shmem", "SwapTotal") - amounts(meminfo, "SwapFree")
}

// sharedBy is what processes have of shared memory: its real size, which only root gets to know; for others all that
// there is more of than before, as soon as they have any.
func sharedBy(below []task, grown int64) (bytes int64) {
	seen := map[[2]uint64]int64{}
	for _, p := range below {
		p.scratch(seen)
		if !p.shared(seen) {
			return grown
		}
	}
	for _, size := range seen {
		bytes += size
	}
	return min(bytes, grown)
}

// shared adds what a process has mapped of memory that is in no directory, by device and inode. It reports whether sizes
// could be found out.
func (p task) shared(seen map[[2]uint64]int64) bool {
	dir := procDir(p.pid)
	maps, err := os.Open(filepath.Join(dir, "maps"))
	if err != nil {
		return true // it has ended
	}
	defer maps.Close()
	for lines := bufio.NewScanner(maps); lines.Scan(); {
		fields := strings.Fields(lines.Text())
		const mode, device, inode, name = 1, 3, 4, 5
		if len(fields) <= name || !strings.HasPrefix(fields[device], "00:") || !strings.HasSuffix(fields[mode], "s") || fields[inode] == "0" {
			continue
		}
		var stat unix.Stat_t
		if err := unix.Stat(filepath.Join(dir, "map_files", fields[0]), &stat); errors.Is(err, unix.EPERM) || errors.Is(err, unix.EACCES) {
			return false
		} else if err == nil && stat.Nlink == 0 {
			seen[[2]uint64{stat.Dev, stat.Ino}] = stat.Blocks * 512
		}
	}
	return true
}

// scratch adds what lies in the directories in memory that bubblewrap gives a process.
func (p task) scratch(seen map[[2]uint64]int64) {
	for _, dir := range []string{"/tmp", "/dev/shm"} {
		path := filepath.Join(procDir(p.pid), "root", dir)
		var own, host unix.Stat_t
		var disk unix.Statfs_t
		if unix.Stat(path, &own) != nil || unix.Stat(dir, &host) == nil && own.Dev == host.Dev || unix.Statfs(path, &disk) != nil || disk.Type != unix.TMPFS_MAGIC {
			continue
		}
		seen[[2]uint64{own.Dev, 0}] = int64(disk.Blocks-disk.Bfree) * disk.Bsize
	}
}

// held is what a process holds of memory in bytes, apart from what it shares. Where its first thread has ended, another
// one tells.
func (p task) held() int64 {
	dir := procDir(p.pid)
	bytes, ok := heldBy(filepath.Join(dir, "status"))
	if ok || p.threads < 2 {
		return bytes
	}
	threads, _ := os.ReadDir(filepath.Join(dir, "task"))
	for _, t := range threads {
		if bytes, ok = heldBy(filepath.Join(dir, "task", t.Name(), "status")); ok {
			break
		}
	}
	return bytes
}

// heldBy reads a status; ok is false where the thread has no memory any more.
func heldBy(status string) (bytes int64, ok bool) {
	text, _ := os.ReadFile(status)
	for line := range strings.Lines(string(text)) {
		name, value, _ := strings.Cut(line, ":")
		switch name {
		case "RssAnon", "VmSwap", "VmPTE":
			kilobytes, _ := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(value), " kB"), 10, 64)
			bytes, ok = bytes+kilobytes<<10, true
		}
	}
	return bytes, ok
}
