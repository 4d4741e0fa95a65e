package cgroup

import "golang.org/x/sys/unix"

// Excess is what a group has used too much of.
type Excess string

const (
	Memory Excess = "memory"
	Tasks  Excess = "tasks"
)

// events are the files that report an excess, and the key that counts it. oom does not count memory that is short for another
// reason than the group's own limit.
var events = []struct {
	excess    Excess
	file, key string
}{{Memory, "memory.events", "oom"}, {Tasks, "pids.events", "max"}}

// Exceeded returns what the group has used too much of until now, "" for nothing.
func (g *Group) Exceeded() Excess {
	for _, e := range events {
		fd, err := g.open(e.file)
		if err != nil {
			continue
		}
		n := number(fd, e.key)
		_ = unix.Close(fd)
		if n > 0 {
			return e.excess
		}
	}
	return ""
}

// Watch sends what the group uses too much of, as soon as it does and as long as the process lives. It has its own
// descriptors, so that the group may be removed meanwhile.
func (g *Group) Watch() <-chan Excess {
	excess := make(chan Excess, 1)
	counts := map[Excess]count{}
	for _, e := range events {
		if fd, err := g.open(e.file); err == nil {
			counts[e.excess] = count{fd, e.key}
		}
	}
	go wait(counts, excess)
	return excess
}

// count reads a number from an open file.
type count struct {
	fd  int
	key string
}

func wait(counts map[Excess]count, excess chan<- Excess) {
	var fds []int
	for _, c := range counts {
		fds = append(fds, c.fd)
	}
	for len(fds) > 0 {
		for what, c := range counts {
			if number(c.fd, c.key) > 0 { // what has been read is not told of again
				excess <- what
				return
			}
		}
		if await(fds...) != nil {
			return
		}
	}
}
