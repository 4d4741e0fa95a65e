package apt

import (
	"strings"

	"mago/debpkg/visible"
)

// maxWarnings is how many a reader is told of.
const maxWarnings = 20

// warnings finds, in what dpkg or apt-get and the packages' scripts have complained of, the lines by which scripts warn. What
// was said right before one, by the program that failed, goes with it.
type warnings struct {
	tell   func(string)
	rest   string // of a line that is not whole
	before string // the line before
	told   int
}

func (w *warnings) Write(p []byte) (int, error) {
	w.rest += string(p)
	for {
		line, rest, whole := strings.Cut(w.rest, "\n")
		if !whole {
			w.rest = w.rest[max(len(w.rest)-maxTalk, 0):]
			return len(p), nil
		}
		w.line(visible.Line(strings.TrimSpace(line)))
		w.rest = rest
	}
}

func (w *warnings) line(line string) {
	text, ok := strings.CutPrefix(line, "warning: ")
	if !ok {
		w.before = line
		return
	}
	if w.before != "" && !strings.HasPrefix(w.before, "dpkg: ") {
		text += ": " + w.before
	}
	w.before = ""
	if w.told++; w.told <= maxWarnings {
		w.tell(text)
	}
}
