package sandbox

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
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

// answers is a run that knows what becomes of a sandbox of each kind; "by root" is bubblewrap's other form, and
// "no group" has all of them be without a control group.
func answers(complaints map[string]string) func(*exec.Cmd) error {
	return func(cmd *exec.Cmd) error {
		var o order
		if err := json.Unmarshal([]byte(cmd.Args[1]), &o); err != nil {
			return err
		}
		name := string(o.Kind)
		if slices.Contains(o.Args, setpriv) {
			name = "by root"
		}
		complaint, fails := complaints[name]
		if _, none := complaints["no group"]; !none {
			io.WriteString(cmd.ExtraFiles[0], `{"end":true}`+"\n")
		}
		if !fails {
			return nil
		}
		io.WriteString(cmd.Stderr, complaint)
		return errors.New("exit status 1")
	}
}

const refusedText = "refused: the kernel lets this user make no namespaces"

// withBubblewrap puts a program of that name on the PATH.
func withBubblewrap(t *testing.T) {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "bwrap"), nil, 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir)
}

func TestClosest(t *testing.T) {
	const sysctl = "bwrap: No permissions to create new namespace, likely because the kernel does not allow non-privileged user namespaces.\n"
	const inside = "bwrap: Creating new namespace failed: Operation not permitted\n"
	withBubblewrap(t)
	for name, test := range map[string]struct {
		complaints map[string]string
		landlock   int
		want       string
	}{
		"bubblewrap works":     {nil, 7, "mago-build in bubblewrap, no network"},
		"by root alone":        {map[string]string{"bubblewrap": sysctl}, 7, "mago-build in bubblewrap, no network"},
		"refused by sysctl":    {map[string]string{"bubblewrap": sysctl, "by root": inside}, 7, "mago-build, no network, files by Landlock (bubblewrap " + refusedText + ")"},
		"refused in a chroot":  {map[string]string{"bubblewrap": "bwrap: Creating new namespace failed: Operation not permitted\n", "by root": inside}, 0, "mago-build, no network (bubblewrap " + refusedText + ")"},
		"refused by AppArmor":  {map[string]string{"bubblewrap": "bwrap: setting up uid map: Permission denied\n", "by root": inside}, 0, "mago-build, no network (bubblewrap " + refusedText + ")"},
		"another reason":       {map[string]string{"bubblewrap": "bwrap: Can't mount proc on /newroot/proc: Operation not permitted\nmore\n"}, 0, "mago-build, no network (bubblewrap does not work: Can't mount proc on /newroot/proc: Operation not permitted)"},
		"root cannot either":   {map[string]string{"bubblewrap": sysctl, "by root": "/var/lib/dkms/mago-probe: 8: cannot open /var/lib/dkms/given: Permission denied\n"}, 7, "mago-build, no network, files by Landlock (bubblewrap " + refusedText + "; set up by root it does not work: cannot open /var/lib/dkms/given: Permission denied)"},
		"no word":              {map[string]string{"bubblewrap": ""}, 0, "mago-build, no network (bubblewrap does not work: exit status 1)"},
		"neither, one cause":   {map[string]string{"bubblewrap": sysctl, "by root": inside, "namespaces": "mago-sandbox: set up the sandbox: operation not permitted\n"}, 0, "mago-build, not confined (bubblewrap and namespaces " + refusedText + ")"},
		"neither, two causes":  {map[string]string{"bubblewrap": sysctl, "by root": inside, "namespaces": ""}, 6, "mago-build, no network, files by Landlock, other processes in sight (bubblewrap " + refusedText + ", namespaces does not work: exit status 1)"},
		"neither, bookworm's":  {map[string]string{"bubblewrap": "", "namespaces": ""}, 2, "mago-build, no network, files by Landlock, other processes in sight (bubblewrap and namespaces does not work: exit status 1)"},
		"no group":             {map[string]string{"bubblewrap": "", "namespaces": "", "no group": ""}, 6, "no sandbox works here: bubblewrap and namespaces does not work: exit status 1, user could not end processes that start others and end at once: no control group can be made here"},
		"nothing works at all": {map[string]string{"bubblewrap": "", "namespaces": "", "user": "mago-enter: become user 990: operation not permitted"}, 2, "no sandbox works here: bubblewrap and namespaces does not work: exit status 1, user does not work: become user 990: operation not permitted"},
	} {
		t.Run(name, func(t *testing.T) {
			box := Sandbox{UserName: BuildUser, UID: 990, GID: 989, Drop: true, Landlock: test.landlock}
			box, err := box.closest(t.Context(), trial{}, answers(test.complaints))
			got := box.String()
			if err != nil {
				got = err.Error()
			}
			if got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
			if err == nil && (box.UID != 990 || box.GID != 989 || !box.Drop) {
				t.Errorf("the sandbox belongs to %d:%d, drop %v", box.UID, box.GID, box.Drop)
			}
		})
	}
}

// TestLacks: bubblewrap is missed where it is not installed, and not where the kernel refuses what it would ask for, too.
func TestLacks(t *testing.T) {
	const refused = "mago-sandbox: set up the sandbox: operation not permitted\n"
	user := Sandbox{UserName: "tester", Landlock: 7}
	for _, test := range []struct {
		installed  bool
		namespaces string
		lacks      bool
	}{{false, "", true}, {false, refused, false}, {true, "", false}, {true, refused, false}} {
		if t.Setenv("PATH", t.TempDir()); test.installed {
			withBubblewrap(t)
		}
		box, err := user.closest(t.Context(), trial{}, answers(map[string]string{"bubblewrap": "bwrap: broken\n", "namespaces": test.namespaces}))
		if err != nil || box.Kind != User || box.Lacks != test.lacks {
			t.Errorf("%+v: got %+v, %v", test, box, err)
		}
	}
}

// TestClosestForOrdinaryUser: what an ordinary user may do with namespaces is no business of root's, and a sandbox that
// would be that user with all rights is none.
func TestClosestForOrdinaryUser(t *testing.T) {
	withBubblewrap(t)
	fail := map[string]string{"bubblewrap": "bwrap: setting up uid map: Permission denied\n"}
	box, err := Sandbox{UserName: "tester"}.closest(t.Context(), trial{}, answers(fail))
	if err != nil || box.Kind != Namespaces || box.Drop || box.ByRoot {
		t.Errorf("got %+v, %v", box, err)
	}
	if o, err := box.order(Spec{Args: []string{"true"}}); err != nil || !o.User {
		t.Error("an ordinary user needs a user namespace to make the others")
	}
	fail["namespaces"] = ""
	if box, err = (Sandbox{UserName: "tester", Landlock: 2}).closest(t.Context(), trial{}, answers(fail)); err != nil || !strings.Contains(box.String(), "this user's processes within reach") {
		t.Errorf("got %s, %v", box, err)
	}
	var none *UnavailableError
	if _, err := (Sandbox{UserName: "tester"}).closest(t.Context(), trial{}, answers(fail)); !errors.As(err, &none) || none.Kind != Auto {
		t.Errorf("got %v", err)
	}
}

// TestChooseKind: what is asked for by name is had, or nothing is.
func TestChooseKind(t *testing.T) {
	withBubblewrap(t)
	root := fakeRoot(t, passwd)
	work := filepath.Join(root, "work")
	if err := os.Mkdir(work, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, kind := range []Kind{Bubblewrap, Namespaces, User} {
		box, err := Choose(t.Context(), Wish{Root: root, Work: work, AsRoot: true, Kind: kind}, answers(nil))
		if err != nil || box.Kind != kind {
			t.Errorf("asked for %s: got %s, %v", kind, box.Kind, err)
		}
		_, err = Choose(t.Context(), Wish{Root: root, Work: work, AsRoot: true, Kind: kind}, answers(map[string]string{string(kind): "mago-sandbox: it is broken\n"}))
		var none *UnavailableError
		if !errors.As(err, &none) || none.Kind != kind || none.Why != "does not work: it is broken" {
			t.Errorf("asked for %s, which does not work: got %v", kind, err)
		}
	}
	t.Setenv("PATH", t.TempDir())
	if _, err := Choose(t.Context(), Wish{Root: root, Work: work, AsRoot: true, Kind: Bubblewrap}, answers(nil)); err == nil || err.Error() != "the sandbox bubblewrap cannot be used (not installed)" {
		t.Errorf("got %v", err)
	}
}

func TestChooseCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Choose(ctx, Wish{Root: fakeRoot(t, passwd), Work: t.TempDir(), AsRoot: true}, nil); !errors.Is(err, context.Canceled) {
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
		_, err := Choose(t.Context(), Wish{Root: root, AsRoot: true}, nil)
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
	if err := CreateUser(run); err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(argv, " "); !strings.HasPrefix(got, "useradd --system ") || !strings.HasSuffix(got, " mago-build") {
		t.Errorf("ran %s", got)
	}
	run = func(cmd *exec.Cmd) error {
		io.WriteString(cmd.Stderr, "useradd: cannot lock /etc/passwd\n")
		return errors.New("exit status 1")
	}
	if err := CreateUser(run); err == nil || !strings.HasSuffix(err.Error(), "exit status 1: useradd: cannot lock /etc/passwd") {
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
			box := Sandbox{Kind: Namespaces, Root: test.root}
			if got := box.Path(test.work); got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
			_, err := box.order(Spec{Work: test.work, Args: []string{"true"}})
			if misplaced := err != nil && strings.Contains(err.Error(), "does not lie under root"); misplaced == test.ok {
				t.Errorf("order says %v", err)
			}
			if got := (Sandbox{Kind: Bubblewrap, Root: test.root}).Path(test.work); got != WorkDir {
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
	box := Sandbox{UID: 12345, GID: 12346, Drop: true}
	if err := box.Own(work); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{".", "file", "link"} {
		if uid, gid := owner(t, filepath.Join(work, name)); uid != box.UID || gid != box.GID {
			t.Errorf("%s belongs to %d:%d", name, uid, gid)
		}
	}
	if uid, _ := owner(t, outside); uid != 0 {
		t.Errorf("a file outside was given away to %d", uid)
	}
	if err := os.Link(outside, filepath.Join(work, "other")); err != nil {
		t.Fatal(err)
	}
	if err := box.Own(work); err == nil || !strings.Contains(err.Error(), "also known by another name") {
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
	if err := (Sandbox{}).Own("/nonexistent"); err != nil {
		t.Errorf("who has nothing to drop has nothing to give: %v", err)
	}
}
