package sandbox

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"syscall"

	"golang.org/x/sys/unix"
)

// enter makes this process the sandbox's program. What it gives up it cannot get back.
func (o order) enter() error {
	if o.Kind != Bubblewrap {
		syscall.CloseOnExec(o.beginning())
	}
	_, _ = unix.KeyctlJoinSessionKeyring("") // an empty one: the inherited one may hold keys
	_ = os.WriteFile("/proc/self/oom_score_adj", []byte("1000"), 0)
	unix.Umask(0o022) // dkms's, whatever the caller's is
	if err := o.changeRoot(); err != nil {
		return err
	}
	if err := errors.Join(o.limit(), o.drop(), os.Chdir("/")); err != nil {
		return err
	}
	if err := o.makeTemp(); err != nil {
		return err
	}
	if err := os.Chdir(o.Dir); err != nil {
		return err
	}
	program, err := exec.LookPath(o.Args[0])
	if err != nil {
		return err
	}
	if err := o.placeFiles(); err != nil {
		return err
	}
	args, err := o.close()
	if err != nil {
		return err
	}
	return fmt.Errorf("run %s: %w", program, syscall.Exec(program, args, os.Environ()))
}

// changeRoot enters the file system that the program sees.
func (o order) changeRoot() error {
	if o.Mount {
		return errors.Join(o.layOut(), unix.Sethostname([]byte(hostName)), forgo())
	}
	if o.Chroot == "" {
		return nil
	}
	if err := unix.Chroot(o.Chroot); err != nil {
		return fmt.Errorf("chroot to %s: %w", o.Chroot, err)
	}
	return nil
}

// forgo gives up the rights that an ordinary user's entrant has in its user namespace, and that the program would inherit.
func forgo() error {
	if os.Geteuid() == 0 {
		return nil // drop does
	}
	var none [2]unix.CapUserData
	return errors.Join(
		unix.Prctl(unix.PR_CAP_AMBIENT, unix.PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0),
		unix.Capset(&unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}, &none[0]))
}

// limit sets what the kernel holds every single process to: what the order says, or less where the caller's own hard limits
// are lower. The caller's soft limits do not count.
func (o order) limit() error {
	limits := map[int]uint64{
		unix.RLIMIT_CORE: 0, unix.RLIMIT_NOFILE: descriptors, unix.RLIMIT_DATA: o.Limits.data(), unix.RLIMIT_FSIZE: o.Limits.fileSize(),
		unix.RLIMIT_AS: unix.RLIM_INFINITY, unix.RLIMIT_CPU: unix.RLIM_INFINITY,
	}
	if o.Tasks > 0 {
		limits[unix.RLIMIT_NPROC] = o.Tasks
	}
	if o.Held.Memory {
		limits[unix.RLIMIT_DATA] = unix.RLIM_INFINITY // the group's memory is what counts, not what a process sets aside
	}
	for resource, value := range limits {
		var now unix.Rlimit
		if err := unix.Getrlimit(resource, &now); err != nil {
			return fmt.Errorf("set resource limit %d: %w", resource, err)
		}
		value = min(value, now.Max)
		if err := unix.Setrlimit(resource, &unix.Rlimit{Cur: value, Max: value}); err != nil {
			return fmt.Errorf("set resource limit %d: %w", resource, err)
		}
	}
	return nil
}

// drop becomes the sandbox's user, and still ends with the warden.
func (o order) drop() error {
	if !o.Drop {
		return nil
	}
	err := syscall.Setgroups(nil)
	if err == nil {
		err = syscall.Setresgid(int(o.GID), int(o.GID), int(o.GID))
	}
	if err == nil {
		err = syscall.Setresuid(int(o.UID), int(o.UID), int(o.UID))
	}
	if err == nil {
		err = unix.Prctl(unix.PR_SET_PDEATHSIG, uintptr(unix.SIGKILL), 0, 0, 0)
	}
	if err != nil {
		return fmt.Errorf("become user %d: %w", o.UID, err)
	}
	return nil
}

func (o order) makeTemp() error {
	if o.Temp == "" {
		return nil
	}
	if err := os.Mkdir(o.Temp, 0o700); !errors.Is(err, fs.ErrExist) {
		return err
	}
	return nil
}

// close shuts the ways out that are left: rights by other programs' setuid bits, files, system calls. It returns what to
// run the program with.
func (o order) close() (args []string, err error) {
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return nil, err
	}
	if len(o.Read) > 0 {
		if err := o.closeFiles(); err != nil {
			return nil, err
		}
	}
	switch {
	case auditArch == 0:
		return o.Args, nil
	case o.Kind == Bubblewrap:
		return o.handOn()
	}
	return o.Args, o.closeCalls()
}

// placeFiles gives the program's files the numbers that it knows them by.
func (o order) placeFiles() error {
	const inherited = 3
	for i := 0; i < o.Files && o.First > 0; i++ {
		if err := unix.Dup3(inherited+i, o.First+i, 0); err != nil {
			return fmt.Errorf("dup3: %w", err)
		}
		syscall.CloseOnExec(inherited + i)
	}
	return nil
}
