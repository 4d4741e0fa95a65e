package way

import (
	"os"
	"os/user"
	"strconv"
	"sync"

	"golang.org/x/sys/unix"
)

// trusted reports whether a user's files are as good as this process's own: those of root, and of the owner of the file
// system's root, which in a user namespace may have another number.
func trusted(uid uint32) bool { return uid == 0 || int(uid) == os.Geteuid() || uid == topOwner() }

var topOwner = sync.OnceValue(func() uint32 {
	var info unix.Stat_t
	if unix.Lstat("/", &info) != nil {
		return 0
	}
	return info.Uid
})

// ownGroup reports whether the group with the right to write has no other member: root's, or one that useradd(8) made for this
// user alone. An access control list shows as the group's rights, but may be others'.
func (w *walk) ownGroup() bool {
	if w.info.Gid != 0 && (int(w.info.Gid) != os.Getegid() || os.Getegid() != os.Geteuid()) {
		return false
	}
	_, err := unix.Lgetxattr(w.path, "system.posix_acl_access", nil)
	return err != nil
}

// userName is a user's name in a message.
func userName(uid uint32) string {
	number := strconv.FormatUint(uint64(uid), 10)
	if u, err := user.LookupId(number); err == nil {
		return u.Username
	}
	return "user " + number
}

func groupName(gid uint32) string {
	number := strconv.FormatUint(uint64(gid), 10)
	if g, err := user.LookupGroupId(number); err == nil {
		return g.Name
	}
	return number
}
