package sandbox

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"mago/debpkg/rooted"
)

// lookup reads a user from the root's passwd(5); the C library would only look at the running system's.
func lookup(root, name string) (uid, gid uint32, err error) {
	file, err := rooted.Root(root).Open("/etc/passwd")
	if err != nil {
		return 0, 0, fmt.Errorf("look up user %s: %w", name, err)
	}
	defer file.Close()
	for lines := bufio.NewScanner(file); lines.Scan(); {
		fields := strings.Split(lines.Text(), ":")
		if len(fields) < 4 || fields[0] != name {
			continue
		}
		if uid, err = atoi32(fields[2]); err == nil {
			gid, err = atoi32(fields[3])
		}
		if err == nil && (uid == 0 || gid == 0) {
			err = errors.New("has the rights of root")
		}
		if err != nil {
			return 0, 0, fmt.Errorf("user %s in %s: %w", name, file.Name(), err)
		}
		return uid, gid, nil
	}
	return 0, 0, &UserError{Name: name}
}

// HasUser reports whether the build user exists under root.
func HasUser(root string) bool {
	_, _, err := lookup(root, BuildUser)
	return err == nil
}

// CreateUser makes the build user: a system user without home, shell or password. It is not to be ended half way, where
// useradd(8) would leave its locks.
func CreateUser(run func(*exec.Cmd) error) error {
	cmd := exec.Command("useradd", "--system", "--user-group", "--no-create-home", "--home-dir", "/nonexistent",
		"--shell", "/usr/sbin/nologin", "--comment", "mago, builds kernel modules", BuildUser)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	if err := run(cmd); err != nil {
		return fmt.Errorf("create system user %s: %w: %s", BuildUser, err, strings.TrimSpace(stderr.String()))
	}
	return nil
}

// MakeWork makes dir a work directory that the sandbox's user alone may enter, and in it the directory name, which belongs to
// that user; it returns the path of the second one. What stands beside that the user cannot change.
func (r Sandbox) MakeWork(dir, name string) (string, error) {
	tree := filepath.Join(dir, name)
	if err := os.MkdirAll(tree, 0o700); err != nil {
		return "", err
	}
	if !r.Drop {
		return tree, errors.Join(os.Chmod(dir, 0o700), os.Chmod(tree, 0o700))
	}
	const entered = 0o710 // by the user's group
	return tree, errors.Join(
		os.Chown(tree, int(r.UID), int(r.GID)), os.Chmod(tree, 0o700),
		os.Chown(dir, -1, int(r.GID)), os.Chmod(dir, entered))
}

// MaxDepth bounds how deep directories may be where a tree is taken over or its files are gathered; it is far above the 64
// levels that an archive may have.
const MaxDepth = 256

// Own gives a file tree to the sandbox's user, so that programs in the sandbox can write there. It stays inside the tree,
// even if that user has written there before and changes it meanwhile.
func (r Sandbox) Own(dir string) error {
	if !r.Drop {
		return nil
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	return fs.WalkDir(root.FS(), ".", func(path string, entry fs.DirEntry, err error) error {
		if err == nil && strings.Count(path, "/") > MaxDepth {
			err = fmt.Errorf("%s has %d levels of directories", dir, MaxDepth)
		}
		if err != nil {
			return err
		}
		return r.own(root, path, entry)
	})
}

// own refuses a file that has another name as well: it could be one of the system's.
func (r Sandbox) own(root *os.Root, path string, entry fs.DirEntry) error {
	info, err := entry.Info()
	if err != nil {
		return err
	}
	stat := info.Sys().(*syscall.Stat_t)
	if stat.Uid == r.UID && stat.Gid == r.GID {
		return nil
	}
	if !info.IsDir() && stat.Nlink > 1 {
		return fmt.Errorf("%s is also known by another name", filepath.Join(root.Name(), path))
	}
	return root.Lchown(path, int(r.UID), int(r.GID))
}

func atoi32(s string) (uint32, error) {
	n, err := strconv.ParseUint(s, 10, 32)
	return uint32(n), err
}
