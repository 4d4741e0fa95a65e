package apt

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// UnmetError says that a package needs others that are not installed and that apt cannot install.
type UnmetError struct {
	Package   string
	Relations []string // as the package writes them
}

func (e *UnmetError) Error() string {
	return fmt.Sprintf("install %s: unmet dependencies: %s", e.Package, strings.Join(e.Relations, ", "))
}

// DKMSError says that apt-get would install dkms or packages that it builds modules for, and can do with no others.
type DKMSError struct{ Packages []string }

func (e *DKMSError) Error() string {
	return "apt would install " + strings.Join(e.Packages, ", ") + ", and dkms would build modules by itself"
}

// ToolError says that dpkg or apt-get failed.
type ToolError struct {
	Tool     string
	Args     []string // without the tool's name
	ExitCode int      // -1 if it did not run, or a signal ended it
	Stderr   string   // the end of what it said
	Err      error
}

func (e *ToolError) Error() string {
	text := fmt.Sprintf("run %s %s: %v", e.Tool, strings.Join(e.words(), " "), e.Err)
	if said := e.complaint(); said != "" {
		text += ": " + said
	}
	return text
}

// words are the arguments but for "-o" and what is set with it.
func (e *ToolError) words() []string {
	words := slices.Clone(e.Args)
	for at := slices.Index(words, "-o"); at >= 0; at = slices.Index(words, "-o") {
		words = slices.Delete(words, at, min(at+2, len(words)))
	}
	return words
}

// complaint is the line of Stderr that tells most: dpkg and apt end with advice, and of packages that wait for the one at
// fault dpkg may say so first.
func (e *ToolError) complaint() string {
	lines := strings.Split(e.Stderr, "\n")
	second := ""
	for _, prefix := range []string{"dpkg: error", "dpkg: ", "E: "} {
		for i, line := range lines {
			if !strings.HasPrefix(line, prefix) || strings.HasPrefix(line, "dpkg: warning") {
				continue
			}
			whole := continued(line, lines[i+1:])
			if !follows(whole) {
				return whole
			}
			second = cmp.Or(second, whole)
		}
	}
	return cmp.Or(second, lines[len(lines)-1])
}

// continued adds the next line where dpkg breaks its message after a colon.
func continued(line string, rest []string) string {
	if strings.HasSuffix(line, ":") && len(rest) > 0 {
		line += " " + strings.TrimSpace(rest[0])
	}
	return line
}

// follows tells the complaints that another one has brought about.
func follows(line string) bool {
	return strings.HasPrefix(line, "dpkg: dependency problems") || strings.Contains(line, "dependency problems - leaving") ||
		strings.HasPrefix(line, "E: Sub-process ")
}

func (e *ToolError) Unwrap() error { return e.Err }

// UnauthenticatedError says that only archives without a signature that apt has checked have the package.
type UnauthenticatedError struct{ Package, Version string }

func (e *UnauthenticatedError) Error() string {
	return fmt.Sprintf("download %s %s: the archive it is in has no signature that apt has checked", e.Package, e.Version)
}

// FetchError says that apt failed to download a package's .deb, or downloaded another. It leaves nothing behind.
type FetchError struct {
	Package string
	Version string
	Output  string // what apt wrote to its standard error
	Err     error
}

// Error shows apt's own errors if there are any, else why apt could not be run.
func (e *FetchError) Error() string {
	reason := e.Err.Error()
	if said := aptErrors(e.Output); said != "" {
		reason = said
	}
	return fmt.Sprintf("download %s %s: %s", e.Package, e.Version, reason)
}

func (e *FetchError) Unwrap() error { return e.Err }

// aptErrors picks the lines that apt marks as errors.
func aptErrors(output string) string {
	var errs []string
	for line := range strings.Lines(output) {
		if text, ok := strings.CutPrefix(line, "E: "); ok {
			errs = append(errs, strings.TrimSpace(text))
		}
	}
	return strings.Join(errs, "; ")
}
