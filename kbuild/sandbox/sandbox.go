// Package sandbox runs the programs that a module's source brings along: as an unprivileged user, without network,
// and, where bubblewrap works, in a file system of their own with one writable directory.
package sandbox

import (
	"fmt"
	"path/filepath"
	"strings"

	"mago/debpkg/rooted"
)

// BuildUser is the system user that compiles when mago itself runs as root.
const BuildUser = "mago-build"

// Kind says how closed a sandbox is.
type Kind string

// The kinds of sandbox, from the closest to the most open.
const (
	Bubblewrap Kind = "bubblewrap" // own file system, processes and network
	Namespaces Kind = "namespaces" // own processes, network and, mostly, mounts; the host's files, as the user and Landlock let them be read
	User       Kind = "user"       // what the user may not, and what Landlock and seccomp keep from it
)

// Auto is no kind, but the wish for the closest that works.
const Auto Kind = "auto"

// WorkDir is the path of the writable directory where Sandbox.Shows: always the same, so that no path of this machine gets
// into a module; and the one that dkms.conf files in the wild spell out.
const WorkDir = "/var/lib/dkms"

// hostName is what a sandbox with a UTS namespace is called, whatever this machine is.
const hostName = "mago"

// Sandbox is a place to run foreign programs in.
type Sandbox struct {
	Kind     Kind
	Root     string // the file system that programs see
	UserName string
	UID, GID uint32 // the user they run as; meaningful where mago runs as root
	Drop     bool   // whether mago is root and has to become that user
	ByRoot   bool   // whether root has to set bubblewrap up, because users may make no namespaces
	Mounts   bool   // whether namespaces include one of mounts
	Landlock int    // the version that the kernel has of it, which sandboxes without bubblewrap go by; 0 for none
	Limits   Limits
	Held     Held   // what the kernel holds programs to by a control group
	Why      string // why the sandbox is no closer, such as "bubblewrap not installed"; "" for bubblewrap
	Lacks    bool   // whether bubblewrap is not installed, and nothing is known that would keep it from working
}

// String describes the sandbox as the screen does.
func (r Sandbox) String() string {
	switch {
	case r.Kind == Bubblewrap:
		return r.UserName + " in bubblewrap, no network"
	case r.Kind == Namespaces && r.Landlock == 0:
		return fmt.Sprintf("%s, no network (%s)", r.UserName, r.Why)
	case r.Kind == Namespaces:
		return fmt.Sprintf("%s, no network, files by Landlock (%s)", r.UserName, r.Why)
	case r.Landlock == 0:
		return fmt.Sprintf("%s, not confined (%s)", r.UserName, r.Why)
	case r.Landlock < landlockSignals && !r.Drop:
		return fmt.Sprintf("%s, no network, files by Landlock, this user's processes within reach (%s)", r.UserName, r.Why)
	}
	return fmt.Sprintf("%s, no network, files by Landlock, other processes in sight (%s)", r.UserName, r.Why)
}

// Shows reports whether programs find the writable directory at WorkDir, and mounts at whatever path.
func (r Sandbox) Shows() bool { return r.Kind == Bubblewrap || r.Kind == Namespaces && r.Mounts }

// Parts reports whether programs in different sandboxes are kept from each other's files and processes though they run as one user.
func (r Sandbox) Parts() bool {
	switch r.Kind {
	case Bubblewrap:
		return true
	case Namespaces:
		return r.Mounts || r.Landlock > 0
	}
	return r.Landlock >= landlockSignals
}

// Path is the inside name of the writable directory whose host path is work. One that does not lie under the root must be
// shown elsewhere.
func (r Sandbox) Path(work string) string {
	if r.Shows() {
		return WorkDir
	}
	inside, _ := r.inside(work)
	return inside
}

// Temp is the inside name of a directory for temporary files, of programs whose writable directory is work.
func (r Sandbox) Temp(work string) string {
	if r.Shows() || work == "" {
		return "/tmp"
	}
	return filepath.Join(r.Path(work), temporary)
}

// temporary lies in the writable directory of sandboxes that share the system's /tmp, and are kept from it.
const temporary = "_tmp"

// inside takes the root off a host path; ok is false where the path does not lie under it.
func (r Sandbox) inside(work string) (path string, ok bool) {
	for _, resolve := range []func(string) string{filepath.Clean, realPath} {
		if path, err := rooted.Root(resolve(r.host("/"))).Inside(resolve(work)); err == nil {
			return path, true
		}
	}
	return filepath.Clean(work), false
}

// realPath resolves symbolic links; a path that is not there stays as it is.
func realPath(path string) string {
	if real, err := filepath.EvalSymlinks(path); err == nil {
		return real
	}
	return path
}

// ProgramDirs are the directories of the PATH that a program in a sandbox finds set.
var ProgramDirs = []string{"/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"}

// environment is all that a program in a sandbox finds set, whatever the caller's environment holds. make(1), which no shell
// starts, takes $(PWD) from there.
func (r Sandbox) environment(s Spec) []string {
	return []string{
		"PATH=" + strings.Join(ProgramDirs, ":"), "PWD=" + r.dir(s),
		"HOME=/nonexistent", "SHELL=/bin/bash", "TMPDIR=" + r.Temp(s.Work), "TZ=UTC", "LC_ALL=C.UTF-8", "USER=" + r.UserName, "LOGNAME=" + r.UserName,
	}
}

// dir is where a program starts, inside.
func (r Sandbox) dir(s Spec) string {
	if s.Work == "" {
		return "/"
	}
	return filepath.Join(r.Path(s.Work), s.Dir)
}

func (r Sandbox) root() rooted.Root { return rooted.Root(r.Root) }

func (r Sandbox) host(path string) string { return filepath.Join(r.root().String(), path) }
