package soak

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// process is one of /proc.
type process struct {
	pid, parent int
	name        string
}

func (p process) String() string { return fmt.Sprintf("%s (%d)", p.name, p.pid) }

// processes lists those that are alive besides this one.
func processes() []process {
	dirs, _ := filepath.Glob("/proc/[0-9]*")
	var all []process
	for _, dir := range dirs {
		text, err := os.ReadFile(filepath.Join(dir, "stat"))
		if err != nil {
			continue // gone meanwhile
		}
		// pid (name) state parent …, where the name may hold anything
		before, after, _ := strings.Cut(string(text), " (")
		end := strings.LastIndex(after, ") ")
		if end < 0 {
			continue
		}
		fields := strings.Fields(after[end+2:])
		p := process{name: after[:end]}
		p.pid, _ = strconv.Atoi(before)
		p.parent, _ = strconv.Atoi(fields[1])
		if p.pid != os.Getpid() && fields[0] != "Z" {
			all = append(all, p)
		}
	}
	return all
}

// bury takes the exit codes of dead orphans. No command of this program's own may be waited for meanwhile.
func bury() {
	for {
		if pid, err := syscall.Wait4(-1, nil, syscall.WNOHANG, nil); pid <= 0 || err != nil {
			return
		}
	}
}

// children are the living processes that a process has started itself.
func children(all []process, parent int) []process {
	return slices.DeleteFunc(slices.Clone(all), func(p process) bool { return p.parent != parent })
}

// tools go on where mago is killed, with all that they run: no package is left half installed for that.
var tools = []string{"apt-get", "dpkg", "depmod"}

// descendsFrom reports whether a process or what it came from has one of the names.
func descendsFrom(all []process, p process, names []string) bool {
	for {
		if slices.Contains(names, p.name) {
			return true
		}
		i := slices.IndexFunc(all, func(o process) bool { return o.pid == p.parent })
		if i < 0 {
			return false
		}
		p = all[i]
	}
}

// settle waits until nothing is left of a killed mago. What is no tool has to be gone at once, or nearly so.
func settle() error {
	const atOnce, atLast = 5 * time.Second, 3 * time.Minute
	for begun := time.Now(); ; time.Sleep(20 * time.Millisecond) {
		bury()
		left := processes()
		if len(left) == 0 {
			return nil
		}
		foreign := slices.DeleteFunc(slices.Clone(left), func(p process) bool { return descendsFrom(left, p, tools) })
		if age := time.Since(begun); age > atLast || age > atOnce && len(foreign) > 0 {
			for _, p := range left {
				_ = syscall.Kill(p.pid, syscall.SIGKILL)
			}
			return fmt.Errorf("still running: %v", left)
		}
	}
}
