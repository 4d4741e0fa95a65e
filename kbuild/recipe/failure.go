package recipe

import (
	"errors"
	"os/exec"
	"regexp"
	"slices"
	"strings"

	"mago/debpkg/visible"
)

// CompileError says that a step of the recipe failed. Message is the first line of its output that is known to be an error,
// else the one that most likely says why it failed; "" where it printed nothing.
type CompileError struct {
	Step    string // "make", or the directive of dkms.conf: "MAKE", "PRE_BUILD", …
	Message string
	Cause   Cause
	Err     error
}

func (e *CompileError) Error() string {
	text := e.Step + " failed"
	var exit *exec.ExitError
	if errors.As(e.Err, &exit) {
		text += " (" + exit.ProcessState.String() + ")"
	}
	if e.Message != "" {
		text += ": " + e.Message
	}
	return text
}

func (e *CompileError) Unwrap() error { return e.Err }

// failures are the shapes of lines that are errors wherever they stand, the most telling first. A line of a later shape only
// counts while no earlier shape has been seen. What else a step may have failed for is in its last words.
var failures = []func() *regexp.Regexp{
	pattern(`^\S+:\d+(?::\d+)?: (?:fatal )?[Ee]rror: |^\S+: (?:fatal )?error: .* signal terminated program|internal compiler error: |` + exhausted),
	pattern(`^(?:ERROR|FATAL): modpost: |^ERROR: ".*" \[.*\] undefined!$`),
	pattern(`^configure: error: |^\*\*\* |^\S+:\d+: \*\*\* |^\S+: (?:fatal )?error: |^(?:bwrap|setpriv|mago-sandbox|mago-enter): |^patch: \*\*\*\* |^\S*ld: (?:error|cannot)|: undefined reference to |: multiple definition of ` +
		"|No space left on device|FAILED -- saving rejects|: file format not recognized$|^CMake Error|: '\\w+' was removed in Linux "),
}

// exhausted is the shape of what programs say where this machine, or a limit, gives them no more.
const exhausted = `memory exhausted|out of memory allocating|: (?i:too many open files|file too large|resource temporarily unavailable|cannot allocate memory|out of memory)$` +
	`|(?:File size|CPU time) limit exceeded|[Cc]an(?:not|'t) fork|: cannot allocate \d+ bytes|failed to map segment|failed to create new OS thread` +
	`|\[Errno (?:11|12|24)\] |std::bad_alloc|^MemoryError$|^Out of memory!|` + ended

// ended is the shape of what make and shells say of a program that a signal ended which programs do not bring about themselves.
const ended = `\] (?:Killed|Terminated|Bus error)|\] Error (?:135|137|143)$|^(?:Killed|Terminated|Bus error)$|: line \d+: +\d+ (?:Killed|Terminated|Bus error) `

// marks are words of which a line of each of failures has one. To look for them is cheap, and most lines have none.
var marks = []string{"rror: ", "*** ", "ERROR", "FATAL", "exhausted", "bwrap: ", "setpriv: ", "mago-sandbox: ", "mago-enter: ", "ld: ", "not recognized",
	"No space left", "FAILED", "undefined ref", "multiple def", "CMake Error", "was removed in", "out of memory", "ignal terminated", "oo many open", "ile too large", "temporarily", "limit exceeded", "] Killed", "] Terminated", "us error", "Killed", "Terminated", "] Error 1",
	"annot fork", "an't fork", "[Errno ", "bad_alloc", "MemoryError", "ut of memory", "annot allocate", "map segment", "OS thread"}

type firstError struct {
	rank    int // 1 is the first of failures; 0: nothing seen
	message string
	open    bool // it ends in a colon, and what follows belongs to it
}

// noError are complaints that no build fails by: of modules without BTF. A compiler's own error may name BTF as well. And
// the compiler's last one says only that the linker had one.
var noError = regexp.MustCompile(`BTF|pahole|: ld returned \d+ exit status`)

func (f *firstError) see(line string) {
	if f.open && strings.TrimSpace(line) != "" {
		f.message, f.open = f.message+" "+visible.Line(strings.TrimSpace(line)), false
	}
	if !slices.ContainsFunc(marks, func(mark string) bool { return strings.Contains(line, mark) }) {
		return
	}
	for i, shape := range failures {
		if f.rank != 0 && i+1 >= f.rank || i > 0 && noError.MatchString(line) {
			return
		}
		if shape().MatchString(line) {
			f.rank, f.message, f.open = i+1, visible.Line(strings.TrimSpace(line)), strings.HasSuffix(line, ":")
			return
		}
	}
}

// ofProgram is what bash says first of a line of mago's own program, which the source's author does not know.
var ofProgram = pattern(`^environment: line \d+: `)

// within shortens a message, and the paths of the build directory in it, to what the source's author would recognise.
func within(build, message string) string {
	return strings.ReplaceAll(ofProgram().ReplaceAllString(message, ""), build+"/", "")
}
