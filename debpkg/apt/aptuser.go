package apt

import (
	"bufio"
	"os"
	"strconv"
	"strings"

	"mago/debpkg/rooted"
)

// aptUser is the user that apt downloads as (apt.conf(5), APT::Sandbox::User).
const aptUser = "_apt"

// lend makes apt's user the owner of dir, because apt complains when it downloads as root. It does nothing where this process
// is not root or the system has no such user.
func lend(root rooted.Root, dir string) error {
	uid, ok := aptUID(root)
	if !ok || os.Geteuid() != 0 {
		return nil
	}
	return os.Chown(dir, uid, -1)
}

// aptUID looks apt's user up in root's own passwd(5).
func aptUID(root rooted.Root) (uid int, ok bool) {
	passwd, err := root.Open("/etc/passwd")
	if err != nil {
		return 0, false
	}
	defer passwd.Close()
	for lines := bufio.NewScanner(passwd); lines.Scan(); {
		fields := strings.Split(lines.Text(), ":")
		if fields[0] == aptUser && len(fields) > 2 {
			uid, err := strconv.Atoi(fields[2])
			return uid, err == nil
		}
	}
	return 0, false
}
