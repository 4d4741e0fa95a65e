package cgroup

import (
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// sweep removes groups whose makers were killed, with the processes in them.
func sweep(in *os.File) {
	dir, err := openDir(in, ".")
	if err != nil {
		return
	}
	defer dir.Close()
	names, _ := dir.Readdirnames(-1)
	for _, name := range names {
		if !strings.HasPrefix(name, prefix) {
			continue
		}
		left, err := openDir(in, name)
		if err != nil {
			continue
		}
		if unix.Flock(int(left.Fd()), unix.LOCK_EX|unix.LOCK_NB) != nil {
			_ = left.Close()
			continue
		}
		_ = (&Group{in: in, dir: left}).Remove()
	}
}
