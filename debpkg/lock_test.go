package debpkg

import (
	"bufio"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// holdLock takes the lock in another process, which holds it until the test ends: one's own locks do not show.
func holdLock(t *testing.T, path string) (pid int) {
	t.Helper()
	needs(t, "perl")
	cmd := exec.Command("perl", "-e", `
		use Fcntl; $| = 1;
		open my $f, "+>", $ARGV[0] or die;
		my $whole = pack("ssx4qqix4", F_WRLCK, 0, 0, 0, 0);
		fcntl($f, F_SETLK, $whole) or die;
		print "held\n"; <STDIN>`, path)
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { in.Close(); _ = cmd.Wait() })
	if line, err := bufio.NewReader(out).ReadString('\n'); line != "held\n" {
		t.Fatalf("%q, %v", line, err)
	}
	return cmd.Process.Pid
}

func TestLocked(t *testing.T) {
	for _, name := range []string{"lock", "lock-frontend"} {
		root := testRoot(t, "")
		if pid, err := Locked(root); pid != 0 || err != nil {
			t.Errorf("without the files: %d, %v", pid, err)
		}
		want := holdLock(t, filepath.Join(root, "var/lib/dpkg", name))
		if pid, err := Locked(root); pid != want || err != nil {
			t.Errorf("%s: %d, %v, want %d", name, pid, err, want)
		}
	}
}

func TestLockedNeedsTheRightToLook(t *testing.T) {
	root := t.TempDir()
	writeFile(t, filepath.Join(root, "var/lib/dpkg"), "a file where the directory belongs")
	if _, err := Locked(root); err == nil || !strings.Contains(err.Error(), "look at dpkg's lock") {
		t.Errorf("err = %v", err)
	}
}
