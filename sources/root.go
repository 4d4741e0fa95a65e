package sources

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	securejoin "github.com/cyphar/filepath-securejoin"
)

// aptUser is the user that apt downloads as (apt.conf(5), APT::Sandbox::User).
const aptUser = "_apt"

// host returns a host path as this process sees it, with links resolved inside Root.
func (f *Fetcher) host(path string) string {
	joined, err := securejoin.SecureJoin(f.root(), path)
	if err != nil { // a loop of links, say: whoever opens the path meets it again
		return filepath.Join(f.root(), path)
	}
	return joined
}

func (f *Fetcher) root() string { return filepath.Join("/", f.Root) }

// inside gives a path of this process as a program inside Root has to call it.
func (f *Fetcher) inside(path string) (string, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	rel, err := filepath.Rel(f.root(), abs)
	if err != nil || !filepath.IsLocal(rel) {
		return "", fmt.Errorf("the cache %s is not inside the root %s", f.Cache, f.root())
	}
	return filepath.Join("/", rel), nil
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
	passwd, err := os.Open(f.host("/etc/passwd"))
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
