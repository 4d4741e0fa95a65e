package apt

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"strings"

	"mago/debpkg/visible"
)

// LockedError says that another process holds locks of apt's or dpkg's, for longer than was to be waited.
type LockedError struct {
	What    string // what is locked: "dpkg", "apt's lists"
	PID     int    // -1 if it is in another PID namespace
	Command string // its command line, "" if that is not known
	Above   bool   // whether it runs this process, which could wait for ever
}

func (e *LockedError) Error() string {
	verb := "is"
	if strings.HasSuffix(e.What, "s") {
		verb = "are"
	}
	text := fmt.Sprintf("%s %s in use by another process", e.What, verb)
	if e.PID > 0 {
		text = fmt.Sprintf("%s %s in use by process %d", e.What, verb, e.PID)
	}
	if e.Command != "" {
		text += " (" + e.Command + ")"
	}
	if e.Above {
		text += ", which is running mago"
	}
	return text
}

func lockedBy(what string, pid int) *LockedError {
	return &LockedError{What: what, PID: pid, Command: commandOf(pid), Above: isAbove(pid)}
}

// maxCommand is, in bytes, where a command line is cut.
const maxCommand = 100

func commandOf(pid int) string {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
	if err != nil {
		return ""
	}
	words := strings.TrimRight(string(text[:min(len(text), maxCommand)]), "\x00")
	line := visible.Line(strings.ReplaceAll(words, "\x00", " "))
	if len(text) > maxCommand {
		line += "…"
	}
	return line
}

// isAbove reports whether a process is an ancestor of this one.
func isAbove(pid int) bool {
	for above := os.Getppid(); above > 0; above = parentOf(above) {
		if above == pid {
			return true
		}
	}
	return false
}

// parentOf reads the fourth field of proc_pid_stat(5); the second, in parentheses, may hold anything.
func parentOf(pid int) int {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0
	}
	fields := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:]))
	if len(fields) < 2 {
		return 0
	}
	parent, _ := strconv.Atoi(fields[1]) // 0, the end, if it is no number
	return parent
}
