package soak

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"regexp"
	"slices"
	"strings"
)

// watch has mago build two modules that it signs with an encrypted key, below strace(1): its own process opens the key once, and no
// other process, in a sandbox or not, so much as asks for a file of the keys, or for the passphrase's.
func (s *soaking) watch(ctx context.Context, _ *rand.Rand, _ *tally) (string, []finding, error) {
	if err := s.succeed(ctx, s.arguments("key", "new", "-f", "--passphrase-file", secretFile)...); err != nil {
		return "", nil, err
	}
	watched := []string{"strace", "-f", "-y", "-qqq", "--seccomp-bpf", "-s", "4096", "-e", "trace=%file,clone,clone3,fork,vfork", "-o", trace}
	out := s.run(ctx, append(watched, s.arguments("a-b", "-f", local, "./one")...)...)
	if out.code != 0 {
		return "", nil, fmt.Errorf("%v:\n%s", out, out.said)
	}
	text, err := os.Open(s.Path(trace))
	if err != nil {
		return "", nil, err
	}
	defer text.Close()
	seen, err := readOpens(text)
	if err != nil {
		return "", nil, err
	}
	var found []finding
	if seen.opened != 1 {
		found = append(found, finding{lost, fmt.Sprintf("mago has opened the key %d times", seen.opened)})
	}
	for _, line := range seen.others {
		found = append(found, finding{escaped, "another process than mago asks for the key: " + line})
	}
	return fmt.Sprintf("mago, one of %d processes, has opened the key", seen.processes), append(found, s.unsigned(usual)...), nil
}

// openings are what a trace tells of the keys.
type openings struct {
	opened    int      // how often the first process has opened the key
	others    []string // calls of other processes that name a file of the keys, or the passphrase's
	processes int
}

var (
	threadOf = regexp.MustCompile(`\bclone3?\(.*CLONE_THREAD.* = (\d+)`)
	openedIt = regexp.MustCompile(`^open.* = \d+<[^>]*/signing\.key>`)
)

// readOpens reads what strace -f -y has written. The first process is mago, to which its threads belong.
func readOpens(trace io.Reader) (o openings, err error) {
	lines, err := wholeCalls(trace)
	if err != nil || len(lines) == 0 {
		return o, errors.Join(err, errors.New("strace has written nothing"))
	}
	own, all := []string{lines[0].thread}, map[string]bool{}
	for _, c := range lines { // a thread may act before the call that makes it has returned
		if made := threadOf.FindStringSubmatch(c.text); made != nil && slices.Contains(own, c.thread) {
			own = append(own, made[1])
		}
	}
	for _, c := range lines {
		switch mago := slices.Contains(own, c.thread); {
		case !mago && (strings.Contains(c.text, strings.TrimPrefix(keys, "/")) || strings.Contains(c.text, strings.TrimPrefix(secretFile, "/"))):
			o.others = append(o.others, c.text)
		case mago && openedIt.MatchString(c.text):
			o.opened++
		}
		all[c.thread] = true
	}
	o.processes = len(all) - len(own) + 1
	return o, nil
}
