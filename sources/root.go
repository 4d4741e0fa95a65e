package sources

import (
	"bufio"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// aptUser is the user that apt downloads as (apt.conf(5), APT::Sandbox::User).
const aptUser = "_apt"

// host returns a host path as this process sees it, with links resolved inside Root.
// host gives a host path as this process sees it.
func (f *Fetcher) host(name string) string {
	path, err := f.Root.Path(name)
	if err != nil { // a loop of links, say: whoever opens the path meets it again
		return filepath.Join(f.Root.String(), name)
	}
	return path
}

// lend makes apt's user the owner of dir, because apt complains when it downloads as root. It does nothing where this process
// is not root or the system has no such user.
func (f *Fetcher) lend(dir string) error {
	uid, ok := f.aptUID()
	if !ok || os.Geteuid() != 0 {
		return nil
	}
	return os.Chown(dir, uid, -1)
}

// aptUID looks apt's user up in Root's own passwd(5).
func (f *Fetcher) aptUID() (uid int, ok bool) {
	passwd, err := f.Root.Open("/etc/passwd")
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
