package sandbox

import (
	"encoding/json"
	"os"
	"syscall"

	"mago/kbuild/sandbox/cgroup"
)

// Held says what the kernel does for a sandbox by a control group. What it does not do is left to the warden, which looks at
// processes one by one.
type Held struct {
	End       bool `json:"end"`       // it ends all processes at once
	Memory    bool `json:"memory"`    // it holds them to the limit of memory
	Processes bool `json:"processes"` // and to that of processes
	Cores     bool `json:"cores"`     // and gives no build more of the processors than another
}

// String says which limits are held by what.
func (h Held) String() string {
	switch {
	case h.Memory && h.Processes:
		return "memory and processes held by a control group, which ends all at once"
	case h.End:
		return "memory and processes watched, a control group ends all at once"
	}
	return "memory and processes watched, no control group"
}

// The ways to a control group.
const (
	byRoot  = "root"  // in a directory that root makes
	byScope = "scope" // in a scope of the user's systemd
)

// groupBy is the way that a sandbox has. A program with its user's rights to the group's files is kept from them by
// bubblewrap or Landlock, or gets no group.
func (r Sandbox) groupBy() string {
	switch {
	case os.Geteuid() == 0:
		return byRoot
	case r.Kind == Bubblewrap || r.Landlock > 0:
		return byScope
	}
	return ""
}

// makeGroup makes the program's group, nil where there is none to be had and the order does not insist.
func (o *order) makeGroup() (g *cgroup.Group, err error) {
	memory := o.Limits.Memory
	limits := cgroup.Limits{Memory: memory, Swap: swapFor(memory), Tasks: o.Limits.Processes, Cores: o.Limits.Cores}
	switch o.Group {
	case byRoot:
		g, err = cgroup.New(limits)
	case byScope:
		g, err = cgroup.NewInScope(limits)
	}
	if err != nil && o.Held.End {
		return nil, err
	}
	o.Held = Held{}
	if g != nil {
		o.Held = Held{End: true, Memory: g.HoldsMemory(), Processes: g.HoldsTasks(), Cores: g.HoldsCores()}
	}
	return g, nil
}

// swapFor is how much of a limit of memory may only be swap: what the machine's memory does not give without harm, as far
// as there is swap for it.
func swapFor(limit int64) int64 {
	return max(0, min(limit-memoryOf("/")/4*3, meminfo("/", "SwapTotal")))
}

// reportHeld tells mago, before everything else.
func (o order) reportHeld() error {
	text, err := json.Marshal(o.Held)
	if err != nil {
		return err
	}
	_, err = syscall.Write(reported, append(text, '\n'))
	return err
}

// watchGroup gives the verdict that a group's events amount to.
func watchGroup(g *cgroup.Group) <-chan verdict {
	why := make(chan verdict, 1)
	if g == nil {
		return why
	}
	excess := g.Watch()
	go func() { why <- verdictOn(<-excess) }()
	return why
}

func verdictOn(e cgroup.Excess) verdict {
	return map[cgroup.Excess]verdict{cgroup.Memory: "memory", cgroup.Tasks: "processes"}[e]
}
