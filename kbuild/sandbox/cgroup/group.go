// Package cgroup puts a program and all that it starts into a control group of its own (cgroups(7), version 2): the kernel
// counts their memory and number, reports an excess, and ends all of them at once.
//
// Root makes a directory in the hierarchy; a user has systemd make a scope. The choice of limits, and what to do where there
// can be no group, are left to others.
package cgroup

import (
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// Limits are a group's. A zero value is no limit.
type Limits struct {
	Memory int64 // bytes of memory, and of swap besides that
	Swap   int64 // of Memory: bytes that may only be swap
	Tasks  int64 // processes and threads
	Cores  int   // processors' time
}

// Group is a control group without processes. Remove removes its directory.
type Group struct {
	in     *os.File // the directory that it is in
	dir    *os.File // its own, locked as long as somebody is at work with it
	memory bool
	tasks  bool
	cores  bool
}

// prefix begins the names of groups.
const prefix = "mago-"

// newGroup makes a group in a directory of the hierarchy, and again if another process sweeps it meanwhile.
func newGroup(in *os.File, l Limits) (g *Group, err error) {
	for range 3 {
		if g, err = makeGroup(in); err != nil {
			continue
		}
		if err = g.limit(l); err == nil {
			return g, nil
		}
		err = errors.Join(err, g.Remove())
	}
	return nil, err
}

// makeGroup makes a directory and locks it, because unlocked groups are swept.
func makeGroup(in *os.File) (*Group, error) {
	name := prefix + strconv.Itoa(os.Getpid()) + "-" + strconv.FormatUint(rand.Uint64(), 36)
	if err := unix.Mkdirat(int(in.Fd()), name, 0o755); err != nil {
		return nil, fmt.Errorf("make cgroup %s: %w", name, err)
	}
	dir, err := openDir(in, name)
	if err != nil {
		return nil, fmt.Errorf("open cgroup %s: %w", name, err)
	}
	if err := unix.Flock(int(dir.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		return nil, fmt.Errorf("lock cgroup %s: %w", name, errors.Join(err, dir.Close()))
	}
	g := &Group{in: in, dir: dir}
	if err := unix.Faccessat(int(dir.Fd()), "cgroup.kill", unix.W_OK, 0); err != nil { // before Linux 5.14
		return nil, fmt.Errorf("kill by cgroup %s: %w", name, errors.Join(err, g.Remove()))
	}
	return g, nil
}

func openDir(in *os.File, name string) (*os.File, error) {
	fd, err := unix.Openat(int(in.Fd()), name, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	return os.NewFile(uintptr(fd), name), nil
}

// limit sets the limits that the hierarchy's controllers know. When the kernel ends one process for its memory it ends all,
// because the rest of a build is useless.
func (g *Group) limit(l Limits) (err error) {
	if g.memory, err = g.set("memory.max", value(l.Memory-min(l.Swap, l.Memory))); err != nil {
		return err
	}
	if g.memory {
		swap := value(l.Swap)
		if l.Memory > 0 && l.Swap == 0 {
			swap = "0"
		}
		_, err = g.set("memory.swap.max", swap)
		_, all := g.set("memory.oom.group", "1")
		if err := errors.Join(err, all); err != nil {
			return err
		}
	}
	if g.tasks, err = g.set("pids.max", value(l.Tasks)); err != nil {
		return err
	}
	const period = 100_000 // microseconds
	_, err = g.set("cpu.max", value(int64(l.Cores)*period)+" "+strconv.Itoa(period))
	if err == nil {
		g.cores, err = g.set("cpu.weight", "100") // as every other group's
	}
	return err
}

func value(n int64) string {
	if n == 0 {
		return "max"
	}
	return strconv.FormatInt(n, 10)
}

// set writes one of the group's files, and reports whether the group has it.
func (g *Group) set(file, value string) (has bool, err error) {
	err = write(g.dir, file, value)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

func write(dir *os.File, file, text string) error {
	fd, err := unix.Openat(int(dir.Fd()), file, unix.O_WRONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return &fs.PathError{Op: "open", Path: dir.Name() + "/" + file, Err: err}
	}
	defer unix.Close(fd)
	if _, err := unix.Write(fd, []byte(text)); err != nil {
		return &fs.PathError{Op: "write", Path: dir.Name() + "/" + file, Err: err}
	}
	return nil
}

func read(dir *os.File, file string) (string, error) {
	fd, err := unix.Openat(int(dir.Fd()), file, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return "", &fs.PathError{Op: "open", Path: dir.Name() + "/" + file, Err: err}
	}
	defer unix.Close(fd)
	text := make([]byte, 1<<14)
	n, err := unix.Read(fd, text)
	return string(text[:max(n, 0)]), err
}

// Descriptor is the group's open directory, for syscall.SysProcAttr.CgroupFD.
func (g *Group) Descriptor() int { return int(g.dir.Fd()) }

// HoldsMemory reports whether the kernel holds the group to its limit of memory.
func (g *Group) HoldsMemory() bool { return g.memory }

// HoldsTasks reports whether the kernel holds the group to its limit of processes and threads.
func (g *Group) HoldsTasks() bool { return g.tasks }

// HoldsCores reports whether the kernel gives the group no more of the processors than another one that wants them, too.
func (g *Group) HoldsCores() bool { return g.cores }

// Kill ends every process in the group, and returns when none is left.
func (g *Group) Kill() error {
	if err := write(g.dir, "cgroup.kill", "1"); err != nil {
		return err
	}
	events, err := g.open("cgroup.events")
	if err != nil {
		return err
	}
	defer unix.Close(events)
	for number(events, "populated") > 0 {
		if err := await(events); err != nil {
			return err
		}
	}
	return nil
}

// Remove ends what is left in the group, and removes its directory.
func (g *Group) Remove() error {
	err := g.Kill()
	if gone := unix.Unlinkat(int(g.in.Fd()), g.dir.Name(), unix.AT_REMOVEDIR); gone != nil {
		err = errors.Join(err, fmt.Errorf("remove cgroup %s: %w", g.dir.Name(), gone))
	}
	return errors.Join(err, g.dir.Close())
}

func (g *Group) open(file string) (fd int, err error) {
	fd, err = unix.Openat(int(g.dir.Fd()), file, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return -1, &fs.PathError{Op: "open", Path: g.dir.Name() + "/" + file, Err: err}
	}
	return fd, nil
}

// number reads a key's value from an open file; 0 where there is none.
func number(fd int, key string) int64 {
	text := make([]byte, 4096)
	n, _ := unix.Pread(fd, text, 0)
	for line := range strings.Lines(string(text[:max(n, 0)])) {
		if rest, ok := strings.CutPrefix(line, key+" "); ok {
			value, _ := strconv.ParseInt(strings.TrimSpace(rest), 10, 64)
			return value
		}
	}
	return 0
}

// await returns when one of some files of the group has changed since it was last read.
func await(fds ...int) error {
	var polls []unix.PollFd
	for _, fd := range fds {
		polls = append(polls, unix.PollFd{Fd: int32(fd), Events: unix.POLLPRI})
	}
	if _, err := unix.Poll(polls, -1); err != nil && !errors.Is(err, unix.EINTR) {
		return fmt.Errorf("await a cgroup's events: %w", err)
	}
	return nil
}
