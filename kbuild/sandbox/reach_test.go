package sandbox

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

func TestClosed(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root has another user to build as")
	}
	work := workdir(t, Sandbox{})
	at := func(name string) string { return filepath.Join(work, name) }
	for _, dir := range []struct {
		name     string
		mode     os.FileMode
		uid, gid int
	}{
		{"open", 0o711, 0, 0}, {"root", 0o700, 0, 0}, {"root/sub", 0o755, 0, 0}, {"own", 0o700, nobody, 0}, {"notown", 0o077, nobody, nobody},
		{"group", 0o710, 0, nobody}, {"notgroup", 0o701, 0, nobody}, {"read", 0o744, 0, 0},
	} {
		if err := errors.Join(os.Mkdir(at(dir.name), 0o700), os.Chown(at(dir.name), dir.uid, dir.gid), os.Chmod(at(dir.name), dir.mode)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("root/sub", at("link")); err != nil {
		t.Fatal(err)
	}
	r := Sandbox{Kind: Bubblewrap, UserName: "tester", UID: nobody, GID: nobody, Drop: true}
	for name, closed := range map[string]string{
		"open": "", "own": "", "group": "", "open/gone": "",
		"root": "root", "root/sub": "root", "root/sub/gone": "root", "link": "root", "notown": "notown", "notgroup": "notgroup", "read": "read",
	} {
		for by, err := range map[string]error{"work": r.Closed(at(name)), "dirs": r.Closed(work, at(name))} {
			var reach *ReachError
			if errors.As(err, &reach) != (closed != "") || reach != nil && (reach.Path != at(name) || reach.Closed != at(closed)) {
				t.Errorf("%s, by %s: got %v", name, by, err)
			}
		}
	}
	r.Root = at("root")
	if err := r.Closed(at("root/sub")); err == nil {
		t.Error("bubblewrap comes by what is above the root")
	}
	r.Kind, r.Root = Namespaces, at("root/sub")
	if err := r.Closed(at("root/sub"), "/"); err != nil {
		t.Errorf("who is chrooted does not: %v", err)
	}
	if err := (Sandbox{}).Closed(at("root")); err != nil {
		t.Errorf("who has nothing to drop: %v", err)
	}
	err := &ReachError{User: BuildUser, Path: "/root/cache", Closed: "/root"}
	if got := err.Error(); got != "mago-build cannot reach /root/cache: /root is closed to it" {
		t.Errorf("got %q", got)
	}
}

// TestMakeWork: only the user who builds gets to a work directory, and of that only to a part.
func TestMakeWork(t *testing.T) {
	for _, r := range []Sandbox{{}, {Drop: true, UID: nobody, GID: nobody}} {
		if r.Drop && os.Geteuid() != 0 {
			t.Skip("only root has another user to build as")
		}
		work := filepath.Join(workdir(t, Sandbox{}), "work")
		tree, err := r.MakeWork(work, "tree")
		if err != nil || tree != filepath.Join(work, "tree") {
			t.Fatalf("%s, %v", tree, err)
		}
		wantWork, wantTree := fmt.Sprint(os.Geteuid(), " drwx------"), fmt.Sprint(os.Geteuid(), " drwx------")
		if r.Drop {
			wantWork, wantTree = "0 drwx--x---", fmt.Sprint(nobody, " drwx------")
		}
		if got := ownerAndMode(t, work); got != wantWork {
			t.Errorf("the work directory is %s, want %s", got, wantWork)
		}
		if got := ownerAndMode(t, tree); got != wantTree {
			t.Errorf("what is the user's in it is %s, want %s", got, wantTree)
		}
		if err := r.Closed(tree); err != nil {
			t.Errorf("the user itself: %v", err)
		}
	}
}

func ownerAndMode(t *testing.T, path string) string {
	t.Helper()
	info, err := os.Lstat(path)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprint(info.Sys().(*syscall.Stat_t).Uid, " ", info.Mode())
}
