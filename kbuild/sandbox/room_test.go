package sandbox

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// fakeRoot is a root with an /etc/passwd.
func fakeRoot(t *testing.T, passwd string) string {
	t.Helper()
	root := t.TempDir()
	if err := os.Mkdir(filepath.Join(root, "etc"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(root, "etc/passwd"), []byte(passwd), 0o644); err != nil {
		t.Fatal(err)
	}
	return root
}

const passwd = "root:x:0:0:root:/root:/bin/bash\nmago-build:x:990:989::/nonexistent:/usr/sbin/nologin\n"

// answers is a run that knows what becomes of each program.
func answers(complaints map[string]string, failures map[string]error) func(*exec.Cmd) error {
	return func(cmd *exec.Cmd) error {
		name := cmd.Args[0]
		io.WriteString(cmd.Stderr, complaints[name])
		return failures[name]
	}
}

func TestChoose(t *testing.T) {
	failed := errors.New("exit status 1")
	missing := &exec.Error{Name: "bwrap", Err: exec.ErrNotFound}
	denied := &os.PathError{Op: "fork/exec", Path: "/usr/bin/setpriv", Err: syscall.EPERM}
	const refusal = "refused: the kernel lets this user make no namespaces"
	for name, test := range map[string]struct {
		complaint string
		failures  map[string]error
		want      string
	}{
		"bubblewrap works":        {"", nil, "mago-build in bubblewrap, no network"},
		"bubblewrap missing":      {"", map[string]error{"bwrap": missing}, "mago-build, no network (bubblewrap not installed)"},
		"refused by sysctl":       {"bwrap: No permissions to create new namespace, likely because the kernel does not allow non-privileged user namespaces.\n", map[string]error{"bwrap": failed}, "mago-build, no network (bubblewrap " + refusal + ")"},
		"refused in a chroot":     {"bwrap: Creating new namespace failed: Operation not permitted\n", map[string]error{"bwrap": failed}, "mago-build, no network (bubblewrap " + refusal + ")"},
		"refused by AppArmor":     {"bwrap: setting up uid map: Permission denied\n", map[string]error{"bwrap": failed}, "mago-build, no network (bubblewrap " + refusal + ")"},
		"another reason":          {"bwrap: Can't mount proc on /newroot/proc: Operation not permitted\nmore\n", map[string]error{"bwrap": failed}, "mago-build, no network (bubblewrap does not work: Can't mount proc on /newroot/proc: Operation not permitted)"},
		"no word":                 {"", map[string]error{"bwrap": failed}, "mago-build, no network (bubblewrap does not work: exit status 1)"},
		"neither":                 {"", map[string]error{"bwrap": missing, "setpriv": denied}, "mago-build, not closed in (bubblewrap not installed, namespaces " + refusal + ")"},
		"neither, for one cause":  {"bwrap: setting up uid map: x\n", map[string]error{"bwrap": failed, "setpriv": denied}, "mago-build, not closed in (bubblewrap and namespaces " + refusal + ")"},
		"neither, for two causes": {"bwrap: setting up uid map: x\n", map[string]error{"bwrap": failed, "setpriv": failed}, "mago-build, not closed in (bubblewrap " + refusal + ", namespaces does not work: exit status 1)"},
	} {
		t.Run(name, func(t *testing.T) {
			room, err := Choose(t.Context(), fakeRoot(t, passwd), true, answers(map[string]string{"bwrap": test.complaint}, test.failures))
			if err != nil {
				t.Fatal(err)
			}
			if got := room.String(); got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
			if room.UID != 990 || room.GID != 989 || !room.Drop {
				t.Errorf("the room belongs to %d:%d, drop %v", room.UID, room.GID, room.Drop)
			}
		})
	}
}

func TestChooseForOrdinaryUser(t *testing.T) {
	room, err := Choose(t.Context(), t.TempDir(), false, answers(nil, map[string]error{"bwrap": exec.ErrNotFound}))
	if err != nil {
		t.Fatal(err)
	}
	if room.Kind != Namespaces || room.Drop || room.credential() != nil {
		t.Errorf("got %+v", room)
	}
	cmd := room.Command(t.Context(), Spec{Args: []string{"true"}})
	if cmd.SysProcAttr.Cloneflags&syscall.CLONE_NEWUSER == 0 {
		t.Error("an ordinary user needs a user namespace to make the others")
	}
}

func TestChooseCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Choose(ctx, fakeRoot(t, passwd), true, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestChooseNeedsUser(t *testing.T) {
	for passwd, want := range map[string]string{
		"":                                "no system user mago-build to build as",
		"mago-builder:x:990:990::/:/\n":   "no system user mago-build to build as",
		"mago-build:x:0:990::/:/\n":       "has the rights of root",
		"mago-build:x:990:0::/:/\n":       "has the rights of root",
		"mago-build:x:4294967296:9::/:/n": "value out of range",
		"mago-build:x:-1:9::/:/\n":        "invalid syntax",
		"mago-build:x:9\n":                "no system user mago-build to build as",
	} {
		root := fakeRoot(t, passwd)
		_, err := Choose(t.Context(), root, true, nil)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("passwd %q: got %v, want %q", passwd, err, want)
		}
		if HasUser(root) {
			t.Errorf("passwd %q: the user is there", passwd)
		}
	}
	if !HasUser(fakeRoot(t, passwd)) {
		t.Error("the user is not seen")
	}
}

func TestCreateUser(t *testing.T) {
	var argv []string
	run := func(cmd *exec.Cmd) error { argv = cmd.Args; return nil }
	if err := CreateUser(t.Context(), run); err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(argv, " "); !strings.HasPrefix(got, "useradd --system ") || !strings.HasSuffix(got, " mago-build") {
		t.Errorf("ran %s", got)
	}
	run = func(cmd *exec.Cmd) error {
		io.WriteString(cmd.Stderr, "useradd: cannot lock /etc/passwd\n")
		return errors.New("exit status 1")
	}
	if err := CreateUser(t.Context(), run); err == nil || !strings.HasSuffix(err.Error(), "exit status 1: useradd: cannot lock /etc/passwd") {
		t.Errorf("got %v", err)
	}
}

func TestPath(t *testing.T) {
	base := t.TempDir()
	if err := os.MkdirAll(filepath.Join(base, "real/var/work"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("real", filepath.Join(base, "link")); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		root, work, want string
		ok               bool
	}{
		{"", "/var/work", "/var/work", true},
		{"/", "/var/work/", "/var/work", true},
		{"/srv/root", "/srv/root/var/work", "/var/work", true},
		{"/srv/root/", "/srv/root/var/work", "/var/work", true},
		{"/srv/root", "/srv/root", "/", true},
		{"/srv/root", "/srv/root2/work", "/srv/root2/work", false},
		{"/srv/root", "/var/work", "/var/work", false},
		{base + "/real", base + "/link/var/work", "/var/work", true},
		{base + "/link", base + "/real/var/work", "/var/work", true},
		{base + "/link", base + "/link/var/work", "/var/work", true},
	} {
		t.Run(fmt.Sprint(test.root, " ", test.work), func(t *testing.T) {
			room := Room{Kind: Namespaces, Root: test.root}
			if got := room.Path(test.work); got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
			cmd := room.Command(t.Context(), Spec{Work: test.work, Args: []string{"true"}})
			if misplaced := cmd.Err != nil && strings.Contains(cmd.Err.Error(), "does not lie under root"); misplaced == test.ok {
				t.Errorf("command says %v", cmd.Err)
			}
			if got := (Room{Kind: Bubblewrap, Root: test.root}).Path(test.work); got != Mount {
				t.Errorf("bubblewrap shows it at %s", got)
			}
		})
	}
}

func TestOwn(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root gives files away")
	}
	work, outside := t.TempDir(), filepath.Join(t.TempDir(), "outside")
	for _, path := range []string{filepath.Join(work, "file"), outside} {
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(outside, filepath.Join(work, "link")); err != nil {
		t.Fatal(err)
	}
	room := Room{UID: 12345, GID: 12346, Drop: true}
	if err := room.Own(work); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{".", "file", "link"} {
		if uid, gid := owner(t, filepath.Join(work, name)); uid != room.UID || gid != room.GID {
			t.Errorf("%s belongs to %d:%d", name, uid, gid)
		}
	}
	if uid, _ := owner(t, outside); uid != 0 {
		t.Errorf("a file outside was given away to %d", uid)
	}
	if err := os.Link(outside, filepath.Join(work, "other")); err != nil {
		t.Fatal(err)
	}
	if err := room.Own(work); err == nil || !strings.Contains(err.Error(), "also known by another name") {
		t.Errorf("a hard link: got %v", err)
	}
	if uid, _ := owner(t, outside); uid != 0 {
		t.Errorf("a file outside was given away to %d through a hard link", uid)
	}
}

func owner(t *testing.T, path string) (uid, gid uint32) {
	t.Helper()
	info, err := os.Lstat(path)
	if err != nil {
		t.Fatal(err)
	}
	stat := info.Sys().(*syscall.Stat_t)
	return stat.Uid, stat.Gid
}

func TestOwnOrdinaryUser(t *testing.T) {
	if err := (Room{}).Own("/nonexistent"); err != nil {
		t.Errorf("who has nothing to drop has nothing to give: %v", err)
	}
}
