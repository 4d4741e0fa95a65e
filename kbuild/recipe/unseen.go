package recipe

import (
	"regexp"
	"slices"
	"strings"

	"mago/kbuild/sandbox"
)

// unseen keeps the first of some places that a program says it could not find.
type unseen struct {
	places []string // absolute paths
	missed string   // "" where none was
}

var cannotFind = pattern(`No such file|not found|[Pp]ermission denied|does not exist|[Cc]annot (?:access|find|open|stat)|No rule to make target`)

func (u *unseen) see(line string) {
	for _, place := range u.places {
		i := strings.Index(line, place)
		if u.missed == "" && i >= 0 && begins.MatchString(line[:i]) && ends.MatchString(line[i+len(place):]) && cannotFind().MatchString(line) {
			u.missed = place
		}
	}
}

// What stands before and behind a path that is no part of it.
var (
	begins = regexp.MustCompile(`(?:^|[^\w.+~/-]|-[IL])$`)
	ends   = regexp.MustCompile(`^(?:[^\w.+~-]|$)`)
)

// cannotShow notes where a build may look for something, and the sandbox cannot show it.
func (w *Workspace) cannotShow(places ...string) {
	if !w.Sandbox.Shows() {
		w.unseen = append(w.unseen, places...)
	}
}

// instead is the cause of a failure that a place explains which the sandbox could not show, else the cause that was found.
func (c Cause) instead(missed string, kind sandbox.Kind) Cause {
	mayBe := []CauseKind{"", CauseHeader, CauseKernelHeader, CauseFullSource, CauseProgram, CauseReadOnly}
	if missed == "" || !slices.Contains(mayBe, c.Kind) {
		return c
	}
	return Cause{Kind: CauseUnseen, Thing: missed, Sandbox: kind}
}
