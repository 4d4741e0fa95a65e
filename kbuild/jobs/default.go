package jobs

import (
	"path"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"mago/debpkg/rooted"
)

// perCompiler is the memory that a compiler may need, in bytes.
const perCompiler = 1 << 30

// Default is how many compilers the machine bears at once: a processor and a gigabyte of available memory each, and no more than
// its control groups' quota of processor time; at least one. root is where /proc and /sys lie.
func Default(root string) int {
	n := processors()
	for _, limit := range []int{quota(root), int(available(root) / perCompiler)} {
		if limit > 0 {
			n = min(n, limit)
		}
	}
	return max(n, 1)
}

// processors counts those that this process may run on.
func processors() int {
	var set unix.CPUSet
	if unix.SchedGetaffinity(0, &set) != nil {
		return 1
	}
	return set.Count()
}

// available is the memory that is nobody's yet, in bytes; at least one compiler's, and 0 where nothing tells.
func available(root string) int64 {
	text, _ := rooted.Root(root).ReadFile("/proc/meminfo")
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, "MemAvailable:"); ok {
			kilobytes, _ := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(rest), " kB"), 10, 64)
			return max(kilobytes<<10, perCompiler)
		}
	}
	return 0
}

// quota is how many processors' time this process's control group and those above it are given together, rounded up; 0 for no limit.
func quota(root string) (least int) {
	text, _ := rooted.Root(root).ReadFile("/proc/self/cgroup")
	for line := range strings.Lines(string(text)) {
		number, rest, _ := strings.Cut(strings.TrimSpace(line), ":")
		controllers, group, _ := strings.Cut(rest, ":")
		for dir := path.Clean("/" + group); ; dir = path.Dir(dir) {
			if n := quotaOf(rooted.Root(root), number == "0", controllers, dir); n > 0 && (least == 0 || n < least) {
				least = n
			}
			if dir == "/" {
				break
			}
		}
	}
	return least
}

// quotaOf reads one group's quota, of cgroups(7) version 2 or 1.
func quotaOf(root rooted.Root, second bool, controllers, group string) int {
	if second {
		for _, top := range []string{"/sys/fs/cgroup", "/sys/fs/cgroup/unified"} {
			text, _ := root.ReadFile(path.Join(top, group, "cpu.max"))
			if fields := strings.Fields(string(text)); len(fields) == 2 {
				return ceil(fields[0], fields[1])
			}
		}
		return 0
	}
	for _, name := range strings.Split(controllers, ",") {
		if name != "cpu" {
			continue
		}
		dir := path.Join("/sys/fs/cgroup", controllers, group)
		given, _ := root.ReadFile(path.Join(dir, "cpu.cfs_quota_us"))
		period, _ := root.ReadFile(path.Join(dir, "cpu.cfs_period_us"))
		return ceil(strings.TrimSpace(string(given)), strings.TrimSpace(string(period)))
	}
	return 0
}

// ceil divides two numbers; 0 where one of them is none, as with "max".
func ceil(given, period string) int {
	g, err := strconv.Atoi(given)
	p, periodErr := strconv.Atoi(period)
	if err != nil || periodErr != nil || g <= 0 || p <= 0 {
		return 0
	}
	return (g + p - 1) / p
}
