package recipe

import (
	"bytes"
	"cmp"
	"context"
	"io"
	"os"
	"regexp"
	"slices"
	"strings"
)

// planAttempts orders the ways to build a directory, the likeliest first. kbuild's own comes before the Makefile's,
// because it cannot end up at another kernel, unless the Makefile has more to tell kbuild than where the kernel is.
func planAttempts(source *os.Root, jobs int) []attempt {
	top := kbuildFile(source, ".")
	plain := []attempt{{by: "Kbuild", dir: ".", jobs: jobs}}
	var sub []attempt
	if dirs := objectDirs(source); len(dirs) == 1 {
		sub = []attempt{{by: "Kbuild", dir: dirs[0], jobs: jobs}}
	}
	makefile := readMakefile(source, "Makefile")
	own := makefile.attempts(jobs)
	switch {
	case top != nil && top.sets && makefile != nil && makefile.tells:
		return slices.Concat(own, plain)
	case top != nil && top.sets, makefile == nil:
		return slices.Concat(plain, own)
	case makefile.tells:
		return slices.Concat(own, sub, plain)
	}
	return slices.Concat(sub, own, plain)
}

// idle are targets that build nothing, of a Makefile that kbuild alone is to read.
var idle = []string{"clean", "distclean", "mrproper", "help", "install", "modules_install", "uninstall", "load", "unload"}

// attempts lists the targets that may build the modules: the one by kbuild's own name, because others may install or
// load them too, then the first.
func (m *makefile) attempts(jobs int) []attempt {
	if m == nil || len(m.rules) == 0 {
		return nil
	}
	var own []attempt
	modules, ok := m.rule("modules")
	if ok {
		own = append(own, attempt{by: "Makefile", goal: "modules", jobs: modules.jobs(jobs)})
	}
	first := m.rules[0]
	if slices.Contains(first.targets, "modules") || slices.Contains(idle, first.targets[0]) {
		return own
	}
	whole, _ := m.rule(first.targets[0])
	if ok && !whole.acts && slices.Equal(whole.needs, []string{"modules"}) {
		return own
	}
	return append(own, attempt{by: "Makefile", jobs: whole.jobs(jobs)})
}

// jobs is 1 for a rule that lists several things to make first: authors try theirs without -j, one after the other.
func (r rule) jobs(most int) int {
	if len(r.needs) > 1 {
		return 1
	}
	return most
}

var notInPaths = regexp.MustCompile(`[^A-Za-z0-9._+~-]`)

// directoryName is a name or version as kbuild takes it in a path, which may hold no blank, colon or per cent sign.
func directoryName(s string) string {
	return cmp.Or(strings.TrimLeft(notInPaths.ReplaceAllString(s, "_"), "._+~-"), "0")
}

// sameBytes compares two files that the build has made.
func sameBytes(ctx context.Context, w *Workspace, a, b string) (bool, error) {
	first, err := w.Open(ctx, a)
	if err != nil {
		return false, err
	}
	defer first.Close()
	second, err := w.Open(ctx, b)
	if err != nil {
		return false, err
	}
	defer second.Close()
	return sameText(first, second), nil
}

// sameText takes what cannot be read for like nothing.
func sameText(first, second io.Reader) bool {
	one, other := make([]byte, 64<<10), make([]byte, 64<<10)
	for {
		n, err := io.ReadFull(first, one)
		m, otherErr := io.ReadFull(second, other)
		if !bytes.Equal(one[:n], other[:m]) {
			return false
		}
		if err != nil || otherErr != nil {
			return err == otherErr && (err == io.EOF || err == io.ErrUnexpectedEOF)
		}
	}
}
