package recipe

import (
	"cmp"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// lastWords keeps what a step printed before make, or the step itself, gave up.
type lastWords struct {
	recent []string // the last lines, the oldest first
	before []string // those before stop
	stop   string   // make's line for what failed, "" while nothing has
	depth  string   // of the make that printed it, such as "[2]"
}

const (
	maxWords = 24      // lines that are kept
	maxWord  = 1 << 10 // bytes that are kept of one
	nearEnd  = 8       // lines among which a complaint counts for more than the last one
)

var (
	colours   = pattern(`\x1b\[[0-9;]*[mK]`)
	makeStops = pattern(`^g?make(\[\d+\])?: \*\*\* (?:\[(?:.*?([^:/]+):(\d+): )?.*\] (.*)|[^\[].*\.)$`)
	forgiven  = pattern(`^g?make(?:\[\d+\])?: \[.*\] .*\(.+\)$`)                            // "(ignored)", in make's language
	cleaning  = pattern(`\*\*\* (?:.*['‘](?:dist)?clean['’]\.|\[[^]]*: (?:dist)?clean\] )`) // before a build, and nobody minds
	makeTalks = pattern(`^g?make(?:\[\d+\])?: (?:\*\*\*|\[|Entering|Leaving|Nothing to be|warning: |Target ['‘]|['‘].*['’] is up to date)`)
)

// see takes a line. Where a make fails only because the make below it did, with "Error 2", the latter's reason counts.
func (w *lastWords) see(line string) {
	if strings.HasPrefix(line, "make") || strings.HasPrefix(line, "gmake") {
		stop := makeStops().FindStringSubmatch(line)
		switch {
		case stop != nil && cleaning().MatchString(line), strings.HasSuffix(line, "...."): // "Waiting for unfinished jobs...."
		case stop != nil && (w.stop == "" || stop[1] >= w.depth || stop[4] != "" && !strings.HasSuffix(stop[4], " 2")):
			w.stop, w.depth, w.before = line, stop[1], slices.Clone(w.recent)
		case forgiven().MatchString(line):
			w.stop = ""
		}
		if makeTalks().MatchString(line) {
			return
		}
	}
	if len(w.recent) == maxWords {
		w.recent = w.recent[:copy(w.recent, w.recent[1:])]
	}
	w.recent = append(w.recent, line[:min(len(line), maxWord)])
}

// shownLine is what of a line stays on a terminal: without colours, and from the last carriage return on.
func shownLine(line string) string {
	line = strings.TrimRight(line, "\r")
	if strings.Contains(line, "\x1b[") {
		line = colours().ReplaceAllString(line, "")
	}
	return line[strings.LastIndexByte(line, '\r')+1:]
}

var (
	absent    = pattern(`: (?:command )?not found$|: No such file or directory$|: Permission denied$|: bad interpreter: |: cannot execute|: Exec format error$`)
	offline   = pattern(`(?i)could(?: not|n't) resolve (?:host|proxy)|unable to resolve host|temporary failure (?:in name resolution|resolving)|name or service not known|network is unreachable`)
	complains = pattern(`(?i)\berror\b|[a-z]Error: |\bfatal|\bfail|\bcan(?:not|['’]?t)\b|\bcould(?: not|n['’]t)\b|unable|unsupported|\bnot\b|\bno \w|missing|invalid|\bunknown|denied|refus|\babort|\brequires?\b|\bmust\b|\btoo (?:new|old)\b|unexpected|undefined`)
	says      = pattern(`\S`)
	gaveUp    = pattern(`(?:^|.* )12[67]$`)

	// wrapsUp are complaints that only follow another one, or a look for something that need not be there.
	wrapsUp = pattern(`(?i)exiting now$|\baborted\b|due to compilation errors|errors occurred|child returned status|^\W*(?:the )?(?:build|make|compilation) (?:has )?(?:failed|aborted)|\.\.\. ?no$|^[^:]+: [^ ]+: (?:no such file or directory|not found)$|^\S+sh: .*: not found$|command not found$`)
	// chatter is no reason to fail: kbuild's short lines, warnings, what compilers print around their messages, and bash -x.
	chatter = pattern(`^  [A-Z]+(?: \[[A-Z]\])? +\S|: (?:warning|note): |^In file included from |^\s+from \S+:\d|: In function |: At top level:|^\s*\d* \| |^cc1: |^compilation terminated|^\++ |^\s*[~^]+\s*$`)
)

// tell gives the line that says why a step with that exit status failed, "" where none does. What is not there is the reason
// where a shell gave up for that, with 126 or 127: many programs are only looked for.
func (w *lastWords) tell(status int, recipes []recipeLines) string {
	lines, stop := w.before, makeStops().FindStringSubmatch(w.stop)
	if stop == nil {
		lines, stop = w.recent, []string{4: strconv.Itoa(status)}
	}
	silent := failedCommand(recipes, stop[2], stop[3], lines)
	said := words(lines[:len(lines)-len(silent)], recipes)
	if line := last(said, absent(), nil); line != "" && gaveUp().MatchString(stop[4]) {
		return line
	}
	if line := last(said, offline(), nil); line != "" {
		return line
	}
	if len(silent) > 0 && last(said[max(0, len(said)-1):], complains(), wrapsUp()) == "" {
		return w.stop[strings.IndexByte(w.stop, '['):] + ": " + strings.Join(strings.Fields(strings.Join(silent, " ")), " ")
	}
	return cmp.Or(last(said[max(0, len(said)-nearEnd):], complains(), wrapsUp()), last(said, says(), nil), w.stop)
}

// words are the lines that are neither chatter nor commands that make shows.
func words(lines []string, recipes []recipeLines) []string {
	return slices.DeleteFunc(slices.Clone(lines), func(line string) bool {
		return strings.TrimSpace(line) == "" || chatter().MatchString(line) || slices.ContainsFunc(recipes, func(r recipeLines) bool { return r.shows(line) })
	})
}

// last is the last line of a shape that has not another one (nil: none).
func last(lines []string, shape, but *regexp.Regexp) string {
	for _, line := range slices.Backward(lines) {
		if shape.MatchString(line) && (but == nil || !but.MatchString(line)) {
			return strings.TrimSpace(line)
		}
	}
	return ""
}
