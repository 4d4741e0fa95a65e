package sandbox

import (
	"errors"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// inheritable are the kernel's limits that whoever starts mago may have set below what a build is given, by the letters of
// ulimit.
var inheritable = []struct {
	letter   string
	resource int
	unit     uint64 // of ulimit, in the kernel's
	given    func(Limits) uint64
}{
	{"n", unix.RLIMIT_NOFILE, 1, func(Limits) uint64 { return descriptors }},
	{"f", unix.RLIMIT_FSIZE, 1024, Limits.fileSize},
	{"v", unix.RLIMIT_AS, 1024, Limits.data},
	{"d", unix.RLIMIT_DATA, 1024, Limits.data},
	{"u", unix.RLIMIT_NPROC, 1, func(l Limits) uint64 { return orInfinity(l.Processes) }},
	{"t", unix.RLIMIT_CPU, 1, func(l Limits) uint64 { return orInfinity(int64(l.Time.Seconds())) }},
}

// Inherited names the limits among letters that hold mago's programs to less than l does, as ulimit takes them: "ulimit -n
// 100"; "" where none does. Root's processes are held by -u, too, once they are another user's.
func (l Limits) Inherited(letters string) string {
	var low []string
	for _, in := range inheritable {
		var now unix.Rlimit
		if strings.Contains(letters, in.letter) && unix.Getrlimit(in.resource, &now) == nil && now.Max < in.given(l) {
			low = append(low, "ulimit -"+in.letter+" "+strconv.FormatUint(now.Max/in.unit, 10))
		}
	}
	return strings.Join(low, ", ")
}

// shortage is what there is no more of where a sandbox could not be tried for that, which says nothing of the sandbox; nil
// where that was not the reason. Programs have Linux's own words for it.
func shortage(err error) error {
	for _, errno := range []error{unix.EMFILE, unix.ENFILE, unix.ENOMEM, unix.EAGAIN} {
		if errors.Is(err, errno) || strings.Contains(strings.ToLower(err.Error()), errno.Error()) {
			return errno
		}
	}
	return nil
}

// descriptors is how many files a program may have open; some programs try to close every one that they may have.
const descriptors = 1024

// slack is what the kernel's own limits give beyond those that the warden watches, which so are the first to be seen.
const (
	memorySlack = 1 << 30
	outputSlack = 1 << 20
)

// data is the most that one process may hold, and fileSize that one file may have, in bytes.
func (l Limits) data() uint64     { return orInfinity(l.Memory, memorySlack) }
func (l Limits) fileSize() uint64 { return orInfinity(l.Output, outputSlack) }

// orInfinity adds up a limit and its slack; no limit is the kernel's word for that.
func orInfinity(limit int64, slack ...uint64) uint64 {
	if limit == 0 {
		return unix.RLIM_INFINITY
	}
	sum := uint64(limit)
	for _, more := range slack {
		sum += more
	}
	return sum
}
