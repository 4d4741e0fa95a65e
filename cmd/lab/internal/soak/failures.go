package soak

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"

	"mago/cmd/lab/internal/debian"
)

// failure is a way for apt or dpkg to fail. The script stands before the real program, $real, on the path.
type failure struct {
	tool   string
	script string
	args   []string
	before func(context.Context) error
	codes  []int // mago's
}

const (
	exitFetch    = 7
	exitPackages = 12
)

// The ways: at once, without the work done, after it, and killed in the middle of it, by itself or with all it started.
const (
	refuses  = `echo "E: it is not to be" >&2; exit 100`
	pretends = `exit 0`
	fails    = `"$real" "$@"; exit 1`
	dies     = `setsid "$real" "$@" & sleep %s; kill -9 $!; wait $!`
	diesAll  = `setsid "$real" "$@" & sleep %s; kill -9 -- -$! $!; wait $!`
)

func (m *machine) newFailures() []*failure {
	remove := func(ctx context.Context) error { return m.succeed(ctx, "dpkg", "--remove", "bubblewrap") }
	get, install, prepare := []string{"get", "-f", "xtrx"}, []string{"a-i", "-f", "xtrx"}, []string{"prepare"}
	var all []*failure
	for _, way := range []string{refuses, pretends, fails, dies, diesAll} {
		all = append(all,
			&failure{"apt-get", way, get, nil, []int{exitFetch}},
			&failure{"apt-get", way, prepare, remove, []int{exitPackages}},
			&failure{"apt-get", way, []string{"update", "--apt"}, nil, []int{exitPackages}},
			&failure{"dpkg", way, install, nil, []int{exitPackages}})
	}
	for _, way := range []string{refuses, fails} { // a maintainer script fails
		all = append(all, &failure{"depmod", way, install, nil, []int{exitPackages}})
	}
	return all
}

// fall has apt or dpkg fail on a command.
func (s *soaking) fall(ctx context.Context, dice *rand.Rand, t *tally) (string, []finding, error) {
	f := s.ways[dice.IntN(len(s.ways))]
	if f.before != nil {
		if err := f.before(ctx); err != nil {
			return "", nil, err
		}
	}
	script := f.script
	if strings.Contains(script, "%s") {
		script = fmt.Sprintf(script, fmt.Sprintf("%.3f", dice.Float64()*0.8))
	}
	remove, err := s.standBefore(f.tool, script)
	if err != nil {
		return "", nil, err
	}
	first := s.mago(ctx, f.args...)
	if err := remove(); err != nil {
		return "", nil, err
	}
	t.note(fmt.Sprintf("%s: %v", f.tool, first))
	told := fmt.Sprintf("mago %s: %s does %s: %v %s", strings.Join(f.args, " "), f.tool, script, first, debian.MagoError(first.said))
	found := append(s.settled(), s.damaged(usual)...)
	if first.code != 0 && !slices.Contains(f.codes, first.code) {
		found = append(found, finding{lost, "another exit code: " + first.said})
	}
	again, more := s.again(ctx, t, usual, f.args...)
	return told + "; again: " + again, append(found, more...), nil
}

func (m *machine) standIn(tool string) string { return m.Path("/usr/local/sbin/" + tool) }

// standBefore puts a script where the path finds it first.
func (m *machine) standBefore(tool, script string) (remove func() error, err error) {
	path := m.standIn(tool)
	text := fmt.Sprintf("#!/bin/bash\nreal=$(PATH=/usr/sbin:/usr/bin command -v %s)\n%s\n", tool, script)
	return func() error { return os.Remove(path) }, os.WriteFile(path, []byte(text), 0o755)
}
