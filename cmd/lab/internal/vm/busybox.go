package vm

import (
	"os"
	"os/exec"
)

// BusyBox is an archive with the directories that an init needs and this machine's busybox.
func BusyBox() (*Archive, error) {
	path, err := exec.LookPath("busybox")
	if err != nil {
		return nil, err
	}
	program, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var a Archive
	a.Dir("bin", "dev", "proc", "sys", "lib")
	a.File("bin/busybox", program, 0o755)
	return &a, nil
}

// Init adds an /init that mounts the kernel's file systems, runs a script of busybox's shell and powers the machine off.
func (a *Archive) Init(script string) {
	a.File("init", []byte(prelude+script+"poweroff -f\n"), 0o755)
}

const prelude = `#!/bin/busybox sh
/bin/busybox --install -s /bin
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
`
