package cgroup

import "golang.org/x/sys/unix"

// Excess is what a group has had too much of.
type Excess string

const (
	Memory Excess = "memory"
	Tasks  Excess = "tasks"
)

// events are the files that tell of an excess, and the key that counts it. Memory that is short for another reason than the
// group's own limit is not counted as oom.
var events = []struct{ file, key string }{{"memory.events", "oom"}, {"pids.events", "max"}}

// Exceeded tells what the group has had too much of until now, "" for nothing.
func (g *Group) Exceeded() Excess {
	for i, e := range events {
		fd, err := g.open(e.file)
		if err != nil {
			continue
		}
		n := number(fd, e.key)
		_ = unix.Close(fd)
		if n > 0 {
			return []Excess{Memory, Tasks}[i]
		}
	}
	return ""
}

// Watch waits for the group to have too much of something, and sends that; it waits as long as the process lives.
func (g *Group) Watch(excess chan<- Excess) {
	var fds []int
	for _, e := range events {
		if fd, err := g.open(e.file); err == nil {
			fds = append(fds, fd)
		}
	}
	for len(fds) > 0 {
		for _, fd := range fds { // what has been read is not told of again
			_ = number(fd, "")
		}
		if what := g.Exceeded(); what != "" {
			excess <- what
			return
		}
		if await(fds...) != nil {
			return
		}
	}
}
