package sandbox

import (
	"errors"
	"fmt"
	"unsafe"

	"golang.org/x/sys/unix"
)

// landlockSignals is the version of Landlock from which on programs can send no signals to processes outside.
const landlockSignals = 6

// landlockVersion is what the running kernel has of Landlock (landlock(7)), 0 for nothing.
func landlockVersion() int {
	version, _, errno := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, 0, 0, unix.LANDLOCK_CREATE_RULESET_VERSION)
	if errno != 0 {
		return 0
	}
	return int(version)
}

// What programs may do with directories and files.
const (
	readRights  = unix.LANDLOCK_ACCESS_FS_EXECUTE | unix.LANDLOCK_ACCESS_FS_READ_FILE | unix.LANDLOCK_ACCESS_FS_READ_DIR
	fileRights  = unix.LANDLOCK_ACCESS_FS_READ_FILE | unix.LANDLOCK_ACCESS_FS_WRITE_FILE
	firstRights = unix.LANDLOCK_ACCESS_FS_MAKE_SYM<<1 - 1 // all of version 1
)

// rulesetFor is all that a version of Landlock can refuse.
func rulesetFor(version int) (attr unix.LandlockRulesetAttr) {
	attr.Handled_access_fs = firstRights
	for since, rights := range map[int]unix.LandlockRulesetAttr{
		2: {Handled_access_fs: unix.LANDLOCK_ACCESS_FS_REFER}, 3: {Handled_access_fs: unix.LANDLOCK_ACCESS_FS_TRUNCATE},
		4: {Handled_access_net: unix.LANDLOCK_ACCESS_NET_BIND_TCP | unix.LANDLOCK_ACCESS_NET_CONNECT_TCP},
		5: {Handled_access_fs: unix.LANDLOCK_ACCESS_FS_IOCTL_DEV},
		6: {Scoped: unix.LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET | unix.LANDLOCK_SCOPE_SIGNAL},
		9: {Handled_access_fs: unix.LANDLOCK_ACCESS_FS_RESOLVE_UNIX},
	} {
		if version >= since {
			attr.Handled_access_fs |= rights.Handled_access_fs
			attr.Handled_access_net |= rights.Handled_access_net
			attr.Scoped |= rights.Scoped
		}
	}
	return attr
}

// devices are what a sandbox without a /dev of its own has of it.
var devices = []string{"/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom"}

// closeFiles has the kernel refuse this thread what the order does not name, as far as the kernel can. The well-known
// library restricts every thread of a process, by way of a /proc that a PID namespace does not have; here only the
// thread counts that becomes the program.
func (o order) closeFiles() error {
	version := landlockVersion()
	if version == 0 {
		return nil
	}
	attr := rulesetFor(version)
	ruleset, _, errno := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, uintptr(unsafe.Pointer(&attr)), unsafe.Sizeof(attr), 0)
	if errno != 0 {
		return fmt.Errorf("landlock_create_ruleset: %w", errno)
	}
	defer unix.Close(int(ruleset))
	written := attr.Handled_access_fs &^ unix.LANDLOCK_ACCESS_FS_RESOLVE_UNIX
	err := errors.Join(
		allow(ruleset, readRights, o.Read), allowMounts(ruleset, o.Mounts, written), allow(ruleset, written, o.Write),
		allow(ruleset, attr.Handled_access_fs&(fileRights|unix.LANDLOCK_ACCESS_FS_TRUNCATE), devices))
	if err != nil {
		return err
	}
	if _, _, errno := unix.Syscall(unix.SYS_LANDLOCK_RESTRICT_SELF, ruleset, 0, 0); errno != 0 {
		return fmt.Errorf("landlock_restrict_self: %w", errno)
	}
	return nil
}

// allow makes exceptions of paths and all that is below them; one that is not there is none.
func allow(ruleset uintptr, rights uint64, paths []string) error {
	for _, path := range paths {
		fd, err := unix.Open(path, unix.O_PATH|unix.O_CLOEXEC, 0)
		if errors.Is(err, unix.ENOENT) {
			continue
		}
		if err != nil {
			return fmt.Errorf("allow %s: %w", path, err)
		}
		if err := addRule(ruleset, rights, fd); err != nil {
			return fmt.Errorf("allow %s: %w", path, err)
		}
	}
	return nil
}

// allowMounts makes exceptions of what is still what it was.
func allowMounts(ruleset uintptr, all []Mount, written uint64) error {
	for _, m := range all {
		fd, rights, err := m.open(written)
		if err == nil {
			err = addRule(ruleset, rights, fd)
		}
		if err != nil {
			return fmt.Errorf("show %s: %w", m.Path, err)
		}
	}
	return nil
}

// open gives the descriptor that a rule of Landlock takes, and what programs may do there.
func (m Mount) open(written uint64) (fd int, rights uint64, err error) {
	fd, err = unix.Open(m.Path, unix.O_PATH|unix.O_CLOEXEC, 0)
	if err != nil {
		return -1, 0, err
	}
	stat, err := m.identify(fd)
	if err != nil {
		return -1, 0, err
	}
	rights = readRights
	if m.Writable {
		rights |= written
	}
	if stat.Mode&unix.S_IFMT != unix.S_IFDIR {
		rights &= unix.LANDLOCK_ACCESS_FS_EXECUTE | fileRights | unix.LANDLOCK_ACCESS_FS_TRUNCATE
	}
	return fd, rights, nil
}

// identify wants an open file to be what the mount is of, and closes any other.
func (m Mount) identify(fd int) (stat unix.Stat_t, err error) {
	err = unix.Fstat(fd, &stat)
	if err == nil && m.Inode != 0 && (uint64(stat.Dev) != m.Device || stat.Ino != m.Inode) {
		err = errors.New("it has been replaced")
	}
	if err != nil {
		_ = unix.Close(fd)
	}
	return stat, err
}

// addRule closes the descriptor.
func addRule(ruleset uintptr, rights uint64, fd int) error {
	defer unix.Close(fd)
	rule := unix.LandlockPathBeneathAttr{Allowed_access: rights, Parent_fd: int32(fd)}
	_, _, errno := unix.Syscall6(unix.SYS_LANDLOCK_ADD_RULE, ruleset, unix.LANDLOCK_RULE_PATH_BENEATH, uintptr(unsafe.Pointer(&rule)), 0, 0, 0)
	if errno != 0 {
		return errno
	}
	return nil
}
