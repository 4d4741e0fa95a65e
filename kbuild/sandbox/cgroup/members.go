package cgroup

import (
	"bytes"
	"strconv"

	"golang.org/x/sys/unix"
)

// Members reads what is in a group as long as this process lives: the group may be removed meanwhile.
type Members struct{ processes, threads int }

// Members opens the files that tell.
func (g *Group) Members() (m Members, err error) {
	if m.processes, err = g.open("cgroup.procs"); err == nil {
		m.threads, err = g.open("cgroup.threads")
	}
	return m, err
}

// Threads counts them, without those that have ended and that nobody has waited for.
func (m Members) Threads() (n int64) {
	each(m.threads, func(text []byte) { n += int64(bytes.Count(text, []byte("\n"))) })
	return n
}

// Processes lists them, without those that have ended and that nobody has waited for.
func (m Members) Processes() (pids []int) {
	var all []byte
	each(m.processes, func(text []byte) { all = append(all, text...) })
	for _, word := range bytes.Fields(all) {
		if pid, err := strconv.Atoi(string(word)); err == nil && pid > 0 { // 0: it is in no PID namespace of this process
			pids = append(pids, pid)
		}
	}
	return pids
}

// each passes a file from its beginning on, part by part.
func each(fd int, part func(text []byte)) {
	text := make([]byte, 4096)
	for at := int64(0); ; {
		n, err := unix.Pread(fd, text, at)
		if err != nil || n <= 0 {
			return
		}
		part(text[:n])
		at += int64(n)
	}
}
