package sweep

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
)

// What the kernel makes of a module.
const (
	loaded   = "loaded"
	warned   = "loaded, with a warning"
	noDevice = "no hardware" // its code ran, and found nothing to drive
	declined = "declines"    // its code ran, and would not go on for another reason
	refused  = "refused"
	oops     = "oops"
	panicked = "panic" // the machine ended while it loaded
)

// kernelTrouble are words of a kernel that goes on, but not well.
var kernelTrouble = regexp.MustCompile(`\bOops\b|\bBUG:|Call Trace|general protection`)

// kernelWarning is a complaint of the kernel's that is no trouble; a call trace follows it.
var kernelWarning = regexp.MustCompile(`\bWARNING: CPU`)

// readConsole gives the answers to the modules in the order of their loading. The init script says "mago: begin x"
// before, and "mago: end x" and what insmod said after each. A module without an end took the machine with it; those
// after it have no answer. Trouble that comes after a module's end is its too.
func readConsole(console string) []answer {
	var all []answer
	var kernel []string // lines since the last begin
	for line := range strings.Lines(console) {
		line = timestamp.ReplaceAllString(strings.TrimSpace(line), "")
		_, said, ours := strings.Cut(line, "mago: ")
		word, rest, _ := strings.Cut(said, " ")
		switch {
		case ours && word == "begin":
			all, kernel = append(all, answer{Module: rest, Load: panicked}), nil
		case ours && word == "end" && len(all) > 0:
			last := &all[len(all)-1]
			_, said, _ := strings.Cut(rest, " ")
			if timestamp.MatchString(said) { // the kernel put its word in
				kernel, said = append(kernel, timestamp.ReplaceAllString(said, "")), ""
			}
			last.Load, last.Said = judge(last.Module, said, kernel)
		case len(all) > 0 && all[len(all)-1].Load != panicked && kernelTrouble.MatchString(line):
			all[len(all)-1].Load, all[len(all)-1].Said = oops, line
		default:
			kernel = append(kernel, line)
		}
	}
	if len(all) > 0 && all[len(all)-1].Load == panicked {
		all[len(all)-1].Said = tellingLine(kernel)
	}
	return all
}

// judge weighs insmod's words, "" where it succeeded, and what the kernel and the module itself printed meanwhile.
func judge(module, said string, kernel []string) (load, words string) {
	for _, line := range kernel {
		switch {
		case kernelWarning.MatchString(line) && said == "":
			return warned, line
		case kernelTrouble.MatchString(line):
			return oops, line
		}
	}
	switch {
	case said == "":
		return loaded, ""
	case strings.Contains(said, "No such device"):
		return noDevice, said
	}
	if line := tellingLine(kernel); line != "" {
		return refused, line
	}
	return declined, cmp.Or(ownLine(module, kernel), said)
}

// ownLine is the last line that the module itself has printed, but for that of every module from outside the kernel.
func ownLine(module string, lines []string) string {
	own := ""
	for _, line := range lines {
		if strings.HasPrefix(line, module+": ") && !strings.Contains(line, "taint") {
			own = line
		}
	}
	return own
}

var (
	telling   = regexp.MustCompile(`Unknown symbol|version magic|disagrees about|Kernel panic|Invalid module|exports duplicate|module_layout|\bBUG:|Oops`)
	timestamp = regexp.MustCompile(`^\[ *[0-9.]+\] `)
)

// tellingLine is the first of the kernel's lines that says what is wrong; "" where none does.
func tellingLine(lines []string) string {
	for _, line := range lines {
		if telling.MatchString(line) {
			return line
		}
	}
	return ""
}

// excuse counts a module among those without hardware that only misses the symbols of one of them; missing
// are those of other packages.
func excuse(answers []answer, order []module, missing map[string]bool) []answer {
	for i := range answers {
		a := &answers[i]
		at := slices.IndexFunc(order, func(m module) bool { return m.name == a.Module })
		if a.Load == refused && strings.Contains(a.Said, "Unknown symbol") && at >= 0 {
			if j := slices.IndexFunc(order[at].depends, func(name string) bool { return missing[name] }); j >= 0 {
				a.Load, a.Said = noDevice, "needs "+order[at].depends[j]
			}
		}
		missing[a.Module] = a.Load == noDevice
	}
	return answers
}

// loadsWell reports whether the kernel takes every module, whatever that then does; not having tried is no failure.
func loadsWell(answers []answer) bool {
	for _, a := range answers {
		if a.Load == refused || a.Load == oops || a.Load == panicked {
			return false
		}
	}
	return true
}
