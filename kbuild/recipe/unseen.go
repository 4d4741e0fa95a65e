package recipe

import (
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
		if u.missed == "" && i >= 0 && begins().MatchString(line[:i]) && ends().MatchString(line[i+len(place):]) && cannotFind().MatchString(line) {
			u.missed = place
		}
	}
}

// What may stand before and behind a path in a line.
var (
	begins = pattern(`(?:^|[^\w.+~/-]|-[IL])$`)
	ends   = pattern(`^(?:[^\w.+~-]|$)`)
)

// cannotShow notes where a build may look for something, and the sandbox cannot show it.
func (w *Workspace) cannotShow(places ...string) {
	if !w.Sandbox.Shows() {
		w.unseen = append(w.unseen, places...)
	}
}

// instead is the cause of a failure where the sandbox could not show a place that a program looked for: that, unless the cause
// found already has nothing to do with files.
func (c Cause) instead(missed string, kind sandbox.Kind) Cause {
	if missed == "" || !c.mayLackFile() && c.Kind != CauseReadOnly {
		return c
	}
	return Cause{Kind: CauseUnseen, Thing: missed, Sandbox: kind}
}

// mayLackFile reports whether a failure may come of a file that is not there.
func (c Cause) mayLackFile() bool {
	return slices.Contains([]CauseKind{"", CauseHeader, CauseKernelHeader, CauseFullSource, CauseProgram}, c.Kind)
}
