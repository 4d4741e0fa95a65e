package recipe

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"mago/kbuild/foreign"
	"mago/kbuild/kernel"
)

// lookedUp looks for a cause that a step's message alone does not tell: in the source's files, the kernel's configuration and the
// mount that the build lies on. It returns the given cause where it finds none, or where this machine failed.
func (s *steps) lookedUp(message, command string, cause Cause) Cause {
	if cause.OfMachine() {
		return cause
	}
	if l, ok := s.lossBehind(message, command); ok {
		return Cause{Kind: CauseLostFlag, Thing: l.String()}
	}
	switch submodule := s.emptySubmodule(); {
	case refusedToRun().MatchString(message) && isNoexec(s.dir):
		return Cause{Kind: CauseNoexec}
	case s.wantsRust(message) && s.Job.Kernel.Config()["CONFIG_RUST"] != "y":
		return Cause{Kind: CauseRust}
	case submodule != "" && lacksFile().MatchString(message) && (cause.mayLackFile() || cause.Kind == CauseRefusal):
		return Cause{Kind: CauseSubmodule, Thing: submodule}
	}
	return cause
}

var (
	refusedToRun = pattern(`: Permission denied$|: cannot execute`)
	lacksFile    = pattern(`(?i)no such file|no rule to make|not found|not exist|can(?:not|['’]?t) |no makefile|missing`)
	ruleOfObject = pattern(`No rule to make target '([^']+)\.o'`)
	submodules   = pattern(`(?m)^\s*path\s*=\s*(.*\S)`)
)

// isNoexec reports whether no program can be run from a directory of the host.
func isNoexec(dir string) bool {
	var disk unix.Statfs_t
	return unix.Statfs(dir, &disk) == nil && disk.Flags&unix.ST_NOEXEC != 0
}

// wantsRust reports whether a build stopped at a file in Rust.
func (s *steps) wantsRust(message string) bool {
	if m := ruleOfObject().FindStringSubmatch(message); m != nil {
		_, err := s.files.Stat(filepath.Join(s.build, m[1]+".rs"))
		return err == nil
	}
	return strings.Contains(message, "rustc: ")
}

// emptySubmodule is the first directory that a source's .gitmodules names and that holds nothing, "" where there is none.
func (s *steps) emptySubmodule() string {
	text, _ := foreign.ReadText(s.files, filepath.Join(s.build, ".gitmodules"), maxConf)
	for _, m := range submodules().FindAllStringSubmatch(string(text), -1) {
		entries, err := fs.ReadDir(s.files.FS(), path.Join(s.build, m[1]))
		if len(entries) == 0 && (err == nil || errors.Is(err, fs.ErrNotExist)) {
			return m[1]
		}
	}
	return ""
}

var (
	ofScripts = pattern(`^\S+\.mod\.c:\d+|^(?:ERROR|FATAL): modpost: Can't |modpost: (?:invalid|unrecognized) option|: objtool: `)
	kbuildDir = pattern(`^linux-kbuild-(\d+\.\d+)`)
	ofKernel  = pattern(`(?m)^VERSION = (\d+)\nPATCHLEVEL = (\d+)$`) // its version, in its Makefile
)

// mixed gives a *kernel.HeadersError where kbuild's programs, or what they wrote, do not fit the headers, and are of another version.
func mixed(k kernel.Kernel, message string) error {
	if !ofScripts().MatchString(message) {
		return nil
	}
	scripts := kbuildDir().FindStringSubmatch(path.Base(path.Dir(k.Scripts())))
	file, err := k.OpenSource("Makefile")
	if err != nil {
		return nil
	}
	defer file.Close()
	text, _ := foreign.TextIn(file, makefileMax)
	source := ofKernel().FindStringSubmatch(string(text))
	if scripts == nil || source == nil || scripts[1] == source[1]+"."+source[2] {
		return nil
	}
	return &kernel.HeadersError{Release: k.Release, Dir: k.Headers,
		Wrong: fmt.Errorf("are of Linux %s.%s, and their scripts of %s: %s", source[1], source[2], scripts[1], message)}
}
