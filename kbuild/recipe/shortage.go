package recipe

import (
	"errors"
	"os"
	"regexp"
	"strconv"
	"strings"

	"mago/kbuild/sandbox"
)

// shortage finds, in what a shell has said, what the machine was short of. It may not fail by that, and go on with an empty
// word where the output of a program should stand. A second try of bash's that went well is no shortage.
func shortage(said string, failed bool) (message string, cause Cause) {
	for line := range strings.Lines(said) {
		line = strings.TrimSpace(line)
		if !failed && strings.Contains(line, "fork: retry: ") {
			continue
		}
		if cause := causeOf(line); cause.OfMachine() {
			return line, cause
		}
	}
	return "", Cause{}
}

// checkShortage gives the *CompileError of a step that the machine had too little for, nil if there is none.
func (w *Workspace) checkShortage(step, said string, err error) error {
	message, cause := shortage(said, err != nil)
	if !cause.OfMachine() {
		return nil
	}
	return w.failed(&CompileError{Step: step, Message: message, Cause: cause, Err: err})
}

var oomKill = regexp.MustCompile(`(?m)^oom_kill (\d+)$`)

// OOMKills counts the processes that the kernel has killed for want of memory, the machine's or a control group's; 0 where it
// does not say.
func OOMKills() uint64 {
	text, err := os.ReadFile("/proc/vmstat")
	if err != nil {
		return 0
	}
	return parseOOMKills(text)
}

func parseOOMKills(vmstat []byte) uint64 {
	m := oomKill.FindSubmatch(vmstat)
	if m == nil {
		return 0
	}
	kills, _ := strconv.ParseUint(string(m[1]), 10, 64)
	return kills
}

// OfMemory takes a failure for the machine's where the kernel has killed something for want of memory meanwhile: a recipe may
// have taken no notice, and have gone on without what a killed program was to find out. A limit of the build's own stays one.
func OfMemory(err error, killed bool) error {
	var compile *CompileError
	isCompile := errors.As(err, &compile)
	switch {
	case err == nil || !killed, errors.As(err, new(*sandbox.LimitError)), isCompile && compile.Cause.OfMachine():
		return err
	case isCompile:
		short := *compile
		short.Cause = Cause{Kind: CauseMemory}
		return &short
	case errors.As(err, new(*Error)), errors.As(err, new(*NotMeantError)):
		return &CompileError{Step: "the build", Message: err.Error(), Cause: Cause{Kind: CauseMemory}, Err: err}
	}
	return err
}
