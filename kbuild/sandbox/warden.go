package sandbox

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"mago/kbuild/sandbox/cgroup"
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
	Watched  string   // host path of the writable directory
	Temp     string   // inside path of a directory for temporary files, to be made; "" for none
	Read     []string // inside paths that may be read and executed; the rest is closed where Landlock works
	Mounts   []Mount  // what may be read besides, and where it says so written to
	Write    []string // inside paths that may be written to
	Files    int      // how many open files the program gets
	Limits   Limits
	Tasks    uint64 // RLIMIT_NPROC, which counts all the user's; 0 for none
	Group    string // the way to a control group; "" for none
	Held     Held   // what the group has to do; of the entrant's order, what it does
}

// Serve is for the beginning of main: where this process was started as a part of a sandbox, ok is true, and the process is
// to exit with the code.
func Serve(args []string) (code int, ok bool) {
	if len(args) != 2 || args[0] != wardenName && args[0] != entrantName {
		return 0, false
	}
	runtime.LockOSThread() // some of what follows belongs to a thread
	var o order
	err := json.Unmarshal([]byte(args[1]), &o)
	if err == nil && args[0] == wardenName {
		code, err = o.guard()
	} else if err == nil {
		err = o.notBegun(o.enter())
	}
	if err == nil {
		return code, true
	}
	fmt.Fprintf(os.Stderr, "%s: %v\n", args[0], err)
	const cannot = 126 // as shells have it
	return cannot, true
}

// self is this program.
const self = "/proc/self/exe"

// command is this program, under another name, with an order.
func (o order) command(name string) (args []string, err error) {
	text, err := json.Marshal(o)
	return []string{name, string(text)}, err
}

// reported is the descriptor that the warden tells a verdict by, after standard error.
const reported = 3

// verdict says why the warden has ended a program, or why one has failed: a limit's name, or one on the file system.
type verdict string

const (
	exhausted verdict = "exhausted" // the machine's memory is used up but for the reserve
	full      verdict = "full"      // the program has taken nearly all that was free
	starved   verdict = "starved"   // it failed where nothing is free; what it says may not have found its way into any file
	unbegun   verdict = "unbegun"   // it has never been started
)

// watchInterval is short enough for a process that fills memory as fast as it can.
const watchInterval = 200 * time.Millisecond

// guard has the program watched, and tells where that fails.
func (o order) guard() (code int, err error) {
	syscall.CloseOnExec(reported)
	if code, err = o.attend(); err != nil {
		err = errors.Join(err, report(unbegun))
	}
	return code, err
}

// attend starts the entrant and stays until nothing of it is left.
func (o order) attend() (code int, err error) {
	if err := ownProc(); err != nil {
		return 0, err
	}
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		return 0, err
	}
	told := make(chan os.Signal, 1)
	signal.Notify(told, syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP)
	group, err := o.makeGroup()
	if err != nil {
		return 0, err
	}
	g := guard{order: o, group: group, watch: newWatch(o), told: told}
	defer g.removeGroup()
	if err := o.reportHeld(); err != nil {
		return 0, err
	}
	return g.run()
}

// guard is what the warden has to do with a program that runs.
type guard struct {
	order
	group *cgroup.Group // nil: none
	watch *watch
	told  <-chan os.Signal
	first grip
	ended chan syscall.WaitStatus
	begun *begun
}

func (g *guard) run() (code int, err error) {
	g.Tasks = g.watch.allowance()
	if g.begun, err = newBegun(); err != nil {
		return 0, err
	}
	pid, err := g.start(g.group, g.begun)
	if err != nil {
		return 0, err
	}
	if g.first, err = hold(pid); err != nil {
		sweep()
		return 0, err
	}
	g.ended = make(chan syscall.WaitStatus, 1)
	go reap(pid, g.ended)
	tick := time.NewTicker(watchInterval)
	exceeded := watchGroup(g.group)
	looked, looking := make(chan verdict, 1), false
	var why verdict
	for why == "" {
		select {
		case status := <-g.ended:
			return g.finish(status)
		case <-g.told:
			g.end()
			return 128 + int(syscall.SIGTERM), nil
		case why = <-exceeded:
		case <-tick.C: // aside: a build can make it take long, and is to be ended meanwhile
			if !looking {
				looking = true
				go func() { looked <- g.watch.look() }()
			}
		case why = <-looked:
			looking = false
		}
	}
	g.end()
	return 128 + int(syscall.SIGKILL), report(why)
}

// finish is for a program that has ended by itself, or that the kernel has.
func (g *guard) finish(status syscall.WaitStatus) (code int, err error) {
	g.killGroup()
	sweep()
	var why verdict
	if g.group != nil {
		why = verdictOn(g.group.Exceeded())
	}
	if why == "" {
		why = g.watch.last(status)
	}
	if why == "" && status.ExitStatus() > 0 && !g.begun.by(g.Kind) {
		why = unbegun
	}
	return exitCode(status), report(why)
}

// end kills all, the first process before the others: it takes the whole of a PID namespace along.
func (g *guard) end() {
	g.killGroup()
	g.first.signal(syscall.SIGKILL)
	<-g.ended
	sweep()
}

func (g *guard) killGroup() {
	if g.group != nil {
		_ = g.group.Kill() // what it does not end the sweep does
	}
}

// removeGroup leaves what cannot be removed to the next sandbox, which sweeps.
func (g *guard) removeGroup() {
	if g.group != nil {
		_ = g.group.Remove()
	}
}

// start runs the entrant in namespaces of its own where the sandbox has them.
func (o order) start(group *cgroup.Group, begun *begun) (pid int, err error) {
	args, err := o.command(entrantName)
	if err != nil {
		return 0, err
	}
	attr := &syscall.SysProcAttr{Setsid: true, Pdeathsig: syscall.SIGKILL}
	if o.Kind == Namespaces {
		attr.Cloneflags = syscall.CLONE_NEWNET | syscall.CLONE_NEWPID | syscall.CLONE_NEWIPC | syscall.CLONE_NEWUTS
	}
	if group != nil {
		attr.UseCgroupFD, attr.CgroupFD = true, group.Descriptor()
	}
	if o.User {
		enterUserNamespace(attr)
	}
	files := []uintptr{0, 1, 2}
	for i := range o.Files {
		files = append(files, uintptr(reported+1+i))
	}
	files = append(files, uintptr(begun.tell))
	pid, err = syscall.ForkExec(self, args, &syscall.ProcAttr{Env: os.Environ(), Files: files, Sys: attr})
	if err != nil {
		return 0, fmt.Errorf("set up the sandbox: %w", err)
	}
	return pid, nil
}

// enterUserNamespace lets an ordinary user make the other namespaces; in there it is still the same user.
func enterUserNamespace(attr *syscall.SysProcAttr) {
	attr.Cloneflags |= syscall.CLONE_NEWUSER
	attr.UidMappings = []syscall.SysProcIDMap{{ContainerID: os.Getuid(), HostID: os.Getuid(), Size: 1}}
	attr.GidMappings = []syscall.SysProcIDMap{{ContainerID: os.Getgid(), HostID: os.Getgid(), Size: 1}}
}

func exitCode(status syscall.WaitStatus) int {
	if status.Signaled() {
		return 128 + int(status.Signal())
	}
	return status.ExitStatus()
}

func report(why verdict) error {
	if why == "" {
		return nil
	}
	_, err := syscall.Write(reported, []byte(why))
	return err
}
