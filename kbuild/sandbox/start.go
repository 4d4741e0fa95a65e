package sandbox

import (
	"fmt"
	"os"
	"syscall"

	"golang.org/x/sys/unix"

	"mago/kbuild/sandbox/cgroup"
)

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
	if o.Mount {
		attr.Cloneflags |= syscall.CLONE_NEWNS
	}
	if group != nil {
		attr.UseCgroupFD, attr.CgroupFD = true, group.Descriptor()
	}
	if o.User {
		enterUserNamespace(attr)
		attr.AmbientCaps = o.needs()
	}
	files := []uintptr{0, 1, 2}
	for i := range o.Files {
		files = append(files, uintptr(reported+1+len(o.told())+i))
	}
	files = append(files, uintptr(begun.tell))
	pid, err = syscall.ForkExec(self, args, &syscall.ProcAttr{Env: os.Environ(), Files: files, Sys: attr})
	if err != nil {
		return 0, fmt.Errorf("set up the sandbox: %w", err)
	}
	return pid, nil
}

// needs are the rights in its user namespace that the entrant lays out a file system by.
func (o order) needs() []uintptr {
	if !o.Mount {
		return nil
	}
	return []uintptr{unix.CAP_SYS_ADMIN, unix.CAP_SYS_CHROOT}
}

// enterUserNamespace lets an ordinary user make the other namespaces; in there it is still the same user.
func enterUserNamespace(attr *syscall.SysProcAttr) {
	attr.Cloneflags |= syscall.CLONE_NEWUSER
	attr.UidMappings = []syscall.SysProcIDMap{{ContainerID: os.Getuid(), HostID: os.Getuid(), Size: 1}}
	attr.GidMappings = []syscall.SysProcIDMap{{ContainerID: os.Getgid(), HostID: os.Getgid(), Size: 1}}
}
