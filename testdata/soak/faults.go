package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
)

// calls are what fails in mago's own process. Of a call that many make at a time it takes one of the first ones; a
// program that mago starts is let alone (-b execve).
var calls = []struct {
	names, as string
	among     int
}{
	{"read,pread64", "EIO", 400},
	{"openat", "EIO", 150},
	{"write,pwrite64", "EIO", 120},
	{"write,pwrite64,openat,mkdirat", "ENOSPC", 120},
	{"fsync,fdatasync,syncfs", "EIO", 6},
	{"rename,renameat,renameat2", "EIO", 8},
	{"unlinkat,mkdirat,newfstatat", "EIO", 80},
	{"getdents64", "EIO", 40},
}

// fail has a system call of mago fail, once in each of its threads.
func (s *soaking) fail(ctx context.Context, dice *rand.Rand, t *tally) (string, []finding, error) {
	sc := s.scenarios[dice.IntN(len(s.scenarios))]
	if sc.before != nil {
		if err := sc.before(ctx); err != nil {
			return "", nil, err
		}
	}
	call := calls[dice.IntN(len(calls))]
	when := 1 + dice.IntN(call.among)
	first := s.run(ctx, append([]string{"strace", "-f", "-b", "execve", "-qqq", "-o", "/dev/null", "--seccomp-bpf", "-e", "trace=" + call.names,
		"-e", fmt.Sprintf("inject=%s:error=%s:when=%d", call.names, call.as, when)}, s.arguments(sc.args...)...)...)
	t.note(first.String())
	told := fmt.Sprintf("mago %s: %s gives %s at %d: %v %s", strings.Join(sc.args, " "), call.names, call.as, when, first, first.lastError())
	found := append(s.settled(), s.damaged(usual)...)
	if first.code != 0 && (first.lastError() == "" || strings.Contains(first.said, "goroutine ")) {
		found = append(found, finding{lost, "no word of what failed: " + first.said})
	}
	again, more := s.again(ctx, t, usual, sc.args...)
	return told + "; again: " + again, append(found, more...), nil
}
