package sandbox

import "golang.org/x/sys/unix"

const auditArch = unix.AUDIT_ARCH_X86_64

// modes are the calls that take a file's mode, and which argument that is; opens those that do where their flags, the
// argument before it, say so.
var (
	modes = map[uint32]int{
		unix.SYS_CHMOD: 1, unix.SYS_FCHMOD: 1, unix.SYS_FCHMODAT: 2, unix.SYS_FCHMODAT2: 2, unix.SYS_CREAT: 1,
		unix.SYS_MKDIR: 1, unix.SYS_MKDIRAT: 2, unix.SYS_MKNOD: 1, unix.SYS_MKNODAT: 2,
	}
	opens = map[uint32]int{unix.SYS_OPEN: 1, unix.SYS_OPENAT: 2}
)
