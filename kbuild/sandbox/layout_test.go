package sandbox

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// TestMountsStayInside runs a program where whatever is mounted gets to other mount namespaces, as on a machine with systemd.
func TestMountsStayInside(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root makes a mount namespace whose mounts are shared")
	}
	r := newSandbox(t, Namespaces)
	work, out := workdir(t, r), t.TempDir()
	const places = "/usr/src/elsewhere-1.0 /usr/no/such/directory"
	spec := Spec{Work: work, Args: []string{"sh", "-c", "ls -d " + places + " && touch ran"}}
	for path := range strings.FieldsSeq(places) {
		spec.Mounts = append(spec.Mounts, Mount{Host: work, Path: path})
	}
	o, err := r.order(spec)
	if err != nil {
		t.Fatal(err)
	}
	args, err := o.command(parentName)
	if err != nil {
		t.Fatal(err)
	}
	const compare = `cat /proc/self/mountinfo >"$0/before" && (exec -a "$2" "$1" "$3") && cat /proc/self/mountinfo >"$0/after"`
	cmd := exec.CommandContext(t.Context(), "unshare", "--mount", "--propagation=shared", "bash", "-c", compare, out, os.Args[0], args[0], args[1])
	if said, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, said)
	}
	before, err1 := os.ReadFile(filepath.Join(out, "before"))
	after, err2 := os.ReadFile(filepath.Join(out, "after"))
	_, err3 := os.Stat(filepath.Join(work, "ran"))
	if err := errors.Join(err1, err2, err3); err != nil || string(before) != string(after) || !strings.Contains(string(before), " shared:") {
		t.Errorf("before:\n%safter:\n%s%v", before, after, err)
	}
}

// TestRootIsNotCovered: what would be mounted in the root itself is not, and makes no directory there.
func TestRootIsNotCovered(t *testing.T) {
	r := newSandbox(t, Namespaces)
	work := workdir(t, r)
	out, err := sh(t, r, Spec{Work: work, Mounts: []Mount{{Host: work, Path: "/mago-test/sub"}}}, "true")
	if _, made := os.Lstat("/mago-test"); err == nil || made == nil || !strings.Contains(out, "it is not covered") {
		t.Errorf("got %v: %s; %v", err, out, made)
	}
}

// TestNothingIsMadeOutside: whoever owns a directory above a mount point exchanges it with a link while root lays out a sandbox.
func TestNothingIsMadeOutside(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("an ordinary user makes nothing that it could not make anyway")
	}
	r := newSandbox(t, Namespaces)
	work, top := workdir(t, r), workdir(t, Sandbox{})
	theirs, link, target := filepath.Join(top, "theirs"), filepath.Join(top, "link"), filepath.Join(top, "target")
	if err := errors.Join(os.Mkdir(theirs, 0o755), os.Mkdir(target, 0o755), os.Symlink(target, link)); err != nil {
		t.Fatal(err)
	}
	for i := range 2000 {
		if err := os.Symlink("/nowhere", filepath.Join(theirs, strconv.Itoa(i))); err != nil {
			t.Fatal(err)
		}
	}
	ended, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		for {
			select {
			case <-ended:
				return
			case <-time.After(time.Millisecond):
				_ = unix.Renameat2(unix.AT_FDCWD, theirs, unix.AT_FDCWD, link, unix.RENAME_EXCHANGE)
			}
		}
	}()
	for range 10 {
		_, _ = sh(t, r, Spec{Work: work, Mounts: []Mount{{Host: work, Path: filepath.Join(theirs, "headers")}}}, "true")
	}
	close(ended)
	<-done
	if made, err := os.ReadDir(target); err != nil || len(made) > 0 {
		t.Errorf("root has made %d names where the link leads; %v", len(made), err)
	}
}

// TestNothingCanBeMounted: where the kernel lets nobody mount in a namespace, the sandbox does without.
func TestNothingCanBeMounted(t *testing.T) {
	withBubblewrap(t)
	answer := answers(nil)
	run := func(cmd *exec.Cmd) error {
		if strings.Contains(cmd.Args[1], `"Mount":true`) {
			_ = answer(cmd)
			return errors.New("exit status 126")
		}
		return answer(cmd)
	}
	box, err := Sandbox{UserName: "tester", Landlock: 7}.only(t.Context(), Namespaces, trial{}, run)
	if err != nil || box.Kind != Namespaces || box.Shows() {
		t.Errorf("got %+v, %v", box, err)
	}
	if got := box.Path("/home/me/work"); got != "/home/me/work" {
		t.Errorf("its directory is at %s", got)
	}
}
