package sandbox

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"
	"strconv"
	"unsafe"

	"golang.org/x/sys/unix"
)

// refusal is a system call that fails in a sandbox.
type refusal struct {
	call  uint32
	errno unix.Errno
	with  []bits   // only where an argument has one of some bits, for each of these
	but   []uint32 // only where the first argument is none of these; nil: whatever it is
}

// bits are some of a system call's argument.
type bits struct {
	argument int
	of       uint32
}

// always refuses calls whatever their arguments.
func always(errno unix.Errno, calls ...uint32) (all []refusal) {
	for _, call := range calls {
		all = append(all, refusal{call: call, errno: errno})
	}
	return all
}

// setID are the bits of a file's mode that would lend its owner's rights to who runs it.
const setID = unix.S_ISUID | unix.S_ISGID

// refusals lists what a sandbox is without. Compilers need none of it; where a C library or fakeroot tries, it copes.
func (o order) refusals() []refusal {
	all := always(unix.EPERM, unix.SYS_KEYCTL, unix.SYS_ADD_KEY, unix.SYS_REQUEST_KEY, unix.SYS_BPF, unix.SYS_PERF_EVENT_OPEN,
		unix.SYS_IO_URING_SETUP, unix.SYS_USERFAULTFD, unix.SYS_SCHED_SETAFFINITY) // the last is the warden's to set
	all = append(all, always(unix.ENOSYS, unix.SYS_SHMGET, unix.SYS_MEMFD_CREATE, unix.SYS_MEMFD_SECRET)...) // memory that is no process's, and the first outlives them
	all = append(all, always(unix.ENOSYS, unix.SYS_OPENAT2)...)                                              // its mode lies in memory, where a filter cannot look
	for call, mode := range modes {
		all = append(all, refusal{call: call, errno: unix.EPERM, with: []bits{{mode, setID}}})
	}
	for call, flags := range opens {
		all = append(all, refusal{call: call, errno: unix.EPERM, with: []bits{{flags, unix.O_CREAT | unix.O_TMPFILE&^unix.O_DIRECTORY}, {flags + 1, setID}}})
	}
	if o.Kind != Bubblewrap { // sockets have names in the host's file system, which Landlock does not guard before its version 9
		all = append(all, always(unix.EACCES, unix.SYS_SOCKET)...)
	} else { // namespaces part the network of these families, but not that of all others
		all = append(all, refusal{call: unix.SYS_SOCKET, errno: unix.EAFNOSUPPORT, but: []uint32{unix.AF_UNIX, unix.AF_INET, unix.AF_INET6, unix.AF_NETLINK}})
	}
	all = append(all, always(unix.ENOSYS, unix.SYS_CLONE3)...) // C libraries go back to clone
	return append(all,
		refusal{call: unix.SYS_CLONE, errno: unix.EPERM, with: []bits{{0, unix.CLONE_NEWUSER}}},
		refusal{call: unix.SYS_UNSHARE, errno: unix.EPERM, with: []bits{{0, unix.CLONE_NEWUSER}}})
}

// closeCalls has the kernel refuse them from now on.
func (o order) closeCalls() error {
	filter := compile(o.refusals())
	program := unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}
	if err := unix.Prctl(unix.PR_SET_SECCOMP, unix.SECCOMP_MODE_FILTER, uintptr(unsafe.Pointer(&program)), 0, 0); err != nil {
		return fmt.Errorf("close system calls: %w", err)
	}
	return nil
}

// handOn has bubblewrap close them, which needs some of them itself (openat2 since 0.12): as its last act, by --seccomp of
// bwrap(1).
func (o order) handOn() (args []string, err error) {
	var text bytes.Buffer
	if err := binary.Write(&text, binary.NativeEndian, compile(o.refusals())); err != nil {
		return nil, err
	}
	fd, err := unix.MemfdCreate("seccomp", 0)
	if err != nil {
		return nil, fmt.Errorf("memfd_create: %w", err)
	}
	if _, err := unix.Pwrite(fd, text.Bytes(), 0); err != nil {
		return nil, fmt.Errorf("hand system calls to close to bubblewrap: %w", err)
	}
	return slices.Concat(o.Args[:1], []string{"--seccomp", strconv.Itoa(fd)}, o.Args[1:]), nil
}

// Where struct seccomp_data (seccomp(2)) has what a filter looks at.
const (
	dataCall = 0
	dataArch = 4
	dataArgs = 16 // 8 bytes each, the lower half first
)

// compile writes refusals as seccomp's machine takes them. Calls of other architectures' numbering do not exist in there.
func compile(all []refusal) []unix.SockFilter {
	no := func(errno unix.Errno) unix.SockFilter {
		return statement(unix.BPF_RET|unix.BPF_K, unix.SECCOMP_RET_ERRNO|uint32(errno))
	}
	filter := []unix.SockFilter{load(dataArch), jump(unix.BPF_JEQ, auditArch, 1, 0), no(unix.ENOSYS)}
	const x32 = 0x40000000 // the bit in the numbers of amd64's second numbering
	filter = append(filter, load(dataCall), jump(unix.BPF_JGE, x32, 0, 1), no(unix.ENOSYS))
	for _, r := range all {
		body := slices.Concat(r.test(), []unix.SockFilter{no(r.errno), load(dataCall)})
		filter = append(filter, jump(unix.BPF_JEQ, r.call, 0, uint8(len(body))))
		filter = append(filter, body...)
	}
	return append(filter, statement(unix.BPF_RET|unix.BPF_K, unix.SECCOMP_RET_ALLOW))
}

// test goes on behind its end where the arguments are those that are refused, and one further where they are not.
func (r refusal) test() (test []unix.SockFilter) {
	for i, b := range r.with {
		further := 2*(len(r.with)-1-i) + 1
		test = append(test, load(dataArgs+8*uint32(b.argument)), jump(unix.BPF_JSET, b.of, 0, uint8(further)))
	}
	if r.but != nil {
		test = append(test, load(dataArgs))
	}
	for i, value := range r.but {
		test = append(test, jump(unix.BPF_JEQ, value, uint8(len(r.but)-i), 0))
	}
	return test
}

func statement(code uint16, k uint32) unix.SockFilter { return unix.SockFilter{Code: code, K: k} }

func load(offset uint32) unix.SockFilter {
	return statement(unix.BPF_LD|unix.BPF_W|unix.BPF_ABS, offset)
}

func jump(test uint16, k uint32, yes, no uint8) unix.SockFilter {
	return unix.SockFilter{Code: unix.BPF_JMP | test | unix.BPF_K, Jt: yes, Jf: no, K: k}
}
