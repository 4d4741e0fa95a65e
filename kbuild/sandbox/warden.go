package sandbox

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"mago/kbuild/sandbox/cgroup"
)

// Serve is for the beginning of main: where this process was started as a part of a sandbox, ok is true, and the process is
// to exit with the code.
func Serve(args []string) (code int, ok bool) {
	if len(args) != 2 || args[0] != wardenName && args[0] != entrantName {
		return 0, false
	}
	runtime.LockOSThread() // some of what follows belongs to the thread; called from an init, it is the first (see ownChildren)
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

// watchInterval is short enough for a process that fills memory as fast as it can.
const watchInterval = 200 * time.Millisecond

// guard has the program watched, and tells where that fails.
func (o order) guard() (code int, err error) {
	for fd := reported; fd <= reported+len(o.told())+o.Files; fd++ {
		syscall.CloseOnExec(fd) // the program gets its files by other numbers, and not mago's
	}
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
	g := guard{order: o, group: group, watch: newWatch(o, group), told: told}
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

// run starts the program, and ends it where it is to end.
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
	return g.await()
}

// await stays until the program has ended, or takes too much, or is to be ended.
func (g *guard) await() (code int, err error) {
	time.AfterFunc(watchInterval, func() { debug.SetGCPercent(10) }) // of long builds there may be many, and what a look lists is garbage at once
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

func exitCode(status syscall.WaitStatus) int {
	if status.Signaled() {
		return 128 + int(status.Signal())
	}
	return status.ExitStatus()
}
