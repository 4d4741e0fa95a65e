package sandbox

import (
	"encoding/json"
	"fmt"
	"os/exec"
	"slices"
)

// A program in a sandbox has two processes of mago's own before it. The warden stays outside and outlives it: it ends what
// takes too much, and everything that is left when the program ends, when it is told to (SIGTERM), or when mago is gone.
// The entrant gives up every right that the sandbox is to be without, and becomes the program.
const (
	wardenName  = "mago-sandbox"
	entrantName = "mago-enter"
)

// order is what mago tells the warden, and that the entrant, in their second argument.
type order struct {
	Kind     Kind
	Args     []string // what the entrant becomes
	Dir      string   // where, inside
	Chroot   string   // "" for none
	Drop     bool     // whether to become the user
	UID, GID uint32
	User     bool     // whether to make a user namespace, with the other ones
	Mount    bool     // whether to lay out a file system of its own, in a mount namespace
	Watched  string   // host path of the writable directory
	Temp     string   // inside path of a directory for temporary files, to be made; "" for none
	Read     []string // inside paths that may be read and executed; the rest is closed where Landlock works
	Mounts   []Mount  // what may be read besides, and where it says so written to
	Write    []string // inside paths that may be written to
	Files    int      // how many open files the program gets
	First    int      // see Spec
	Shares   bool     // whether the warden is told what the program may use of the processors
	Limits   Limits
	Tasks    uint64 // RLIMIT_NPROC, which counts all the user's; 0 for none
	Group    string // the way to a control group; "" for none
	Held     Held   // what the group has to do; of the entrant's order, what it does
}

// self is this program.
const self = "/proc/self/exe"

// command is this program, under another name, with an order.
func (o order) command(name string) (args []string, err error) {
	text, err := json.Marshal(o)
	return []string{name, string(text)}, err
}

// order is what the warden and the entrant get to know of a program.
func (r Sandbox) order(s Spec) (order, error) {
	o := order{Kind: r.Kind, Group: r.groupBy(), Held: r.Held, Limits: r.Limits, Drop: r.Drop && !r.ByRoot, UID: r.UID, GID: r.GID, Watched: s.Work, Dir: "/"}
	o.Files, o.First, o.Shares = len(s.Files), s.First, s.Shares != nil
	if r.Kind == Bubblewrap {
		if _, err := exec.LookPath("bwrap"); err != nil {
			return o, err
		}
		o.Args = slices.Concat([]string{"bwrap"}, o.tellingArgs(), r.bubblewrap(s))
		return o, nil
	}
	o.Args, o.User, o.Mount = s.Args, r.Kind == Namespaces && !r.Drop, r.Shows()
	if root := r.host("/"); root != "/" {
		o.Chroot = root
	}
	o.Read, o.Mounts = slices.Concat(system, []string{"/proc", "/var/lib/dpkg"}), s.Mounts
	if o.Mount {
		o.Dir, o.Write = r.dir(s), scratchDirs
		if s.Work != "" {
			o.Mounts = append([]Mount{{Host: s.Work, Path: WorkDir, Writable: true}}, s.Mounts...)
		}
		return o, nil
	}
	if err := r.inPlace(s.Mounts); err != nil || s.Work == "" {
		return o, err
	}
	work, ok := r.inside(s.Work)
	if !ok {
		return o, fmt.Errorf("work directory %s does not lie under root %s", s.Work, r.Root)
	}
	o.Dir, o.Temp, o.Write = r.dir(s), r.Temp(s.Work), []string{work}
	return o, nil
}

// Wrapped gives a sandbox's command as it is to be run at last, for tests that run it in another way.
func Wrapped(cmd *exec.Cmd) (kind Kind, args []string, dir string, ok bool) {
	var o order
	if len(cmd.Args) != 2 || cmd.Args[0] != wardenName || json.Unmarshal([]byte(cmd.Args[1]), &o) != nil {
		return "", nil, "", false
	}
	return o.Kind, o.Args, o.Dir, true
}
