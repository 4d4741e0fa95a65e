package soak

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"regexp"
	"slices"
	"strings"

	"mago/cmd/lab/internal/debian"
)

// calls are what fails in mago's own process, in each of its threads at one of its first calls. A program that mago
// starts is let alone (-b execve).
var calls = []struct {
	names, as string
	among     int
}{
	{"read,pread64", "EIO", 100},
	{"openat", "EIO", 60},
	{"write,pwrite64", "EIO", 60},
	{"write,pwrite64,openat,mkdirat", "ENOSPC", 60},
	{"fsync,fdatasync,syncfs", "EIO", 3},
	{"rename,renameat,renameat2", "EIO", 3},
	{"unlinkat,mkdirat,newfstatat", "EIO", 40},
	{"getdents64", "EIO", 10},
}

// trace is where strace writes on the system.
const trace = "/root/trace"

// fail has a system call of mago fail.
func (s *soaking) fail(ctx context.Context, dice *rand.Rand, t *tally) (string, []finding, error) {
	sc := s.scenarios[dice.IntN(len(s.scenarios))]
	call := calls[dice.IntN(len(calls))]
	var first outcome
	injected := ""
	for when := 1 + dice.IntN(call.among); injected == "" && when > 0; when /= 2 {
		if sc.before != nil {
			if err := sc.before(ctx); err != nil {
				return "", nil, err
			}
		}
		first = s.run(ctx, append([]string{"strace", "-f", "-y", "-b", "execve", "-qqq", "-o", trace, "--seccomp-bpf", "-e", "trace=" + call.names,
			"-e", fmt.Sprintf("inject=%s:error=%s:when=%d", call.names, call.as, when)}, s.arguments(sc.args...)...)...)
		injected = s.firstInjected()
	}
	t.note(first.String())
	told := fmt.Sprintf("mago %s: %s: %v: %s", strings.Join(sc.args, " "), injected, first, debian.MagoError(first.said))
	found := append(s.settled(), s.damaged(usual)...)
	if first.code != 0 && debian.MagoError(first.said) == "" && !strings.Contains(first.said, "fatal error: runtime: ") { // Go's own pipes have failed
		found = append(found, finding{lost, "no word of what failed: " + first.said})
	}
	if s.unheard() {
		t.note("what was said was lost")
		found = nil
	}
	again, more := s.again(ctx, t, usual, sc.args...)
	return told + "; again: " + again, append(found, more...), nil
}

// firstInjected is the first call that strace has made fail, "" where it made none.
func (m *machine) firstInjected() string {
	for _, line := range m.allInjected() {
		_, call, _ := strings.Cut(strings.TrimSpace(line), " ")
		return strings.TrimSpace(call)
	}
	return ""
}

// mouths are what mago speaks by, and hears the programs that it runs by.
var mouths = regexp.MustCompile(`<pipe:\[| write\([12]<`)

// unheard reports whether a call failed on one of them: of pipes none ever does so, and who cannot speak tells nothing.
func (m *machine) unheard() bool { return slices.ContainsFunc(m.allInjected(), mouths.MatchString) }

// allInjected are the lines of strace's that tell of a call that it has made fail.
func (m *machine) allInjected() (lines []string) {
	text, err := os.Open(m.Path(trace))
	if err != nil {
		return nil // mago may have ended before its first call
	}
	defer text.Close()
	all, _ := wholeCalls(text) // as far as it can be read
	for _, c := range all {
		if strings.Contains(c.text, "(INJECTED)") {
			lines = append(lines, c.thread+" "+c.text)
		}
	}
	return lines
}
