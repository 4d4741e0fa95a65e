package modpkg

import (
	"encoding/binary"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"mago/sources"
)

// Compose opens what the source calls its changelog and copyright, and nothing else of all that lies beside them, neither
// of the source nor of what was built: that is read when the packages are written.
func TestComposeOpens(t *testing.T) {
	u, result := zfsWithFiles(t)
	dir := t.TempDir()
	docs := laidOut(t, dir, "data/changelog", "data/copyright")
	laidOut(t, dir, "data/NEWS", "source/dkms.conf", "source/debian/changelog", "source/debian/control")
	u.Tree.Dir, u.Tree.Changelog, u.Tree.Copyright = filepath.Join(dir, "source"), docs[0], docs[1]
	shippedBy(t, result, nil, "/etc/zfs/all.conf")

	opened := watched(t, dir, u.Tree.Runtime.Root, filepath.Dir(result.Modules[0].File), filepath.Dir(result.Package.Files[0].File))
	if _, err := Compose(u, result); err != nil {
		t.Fatal(err)
	}
	if got := opened(); !slices.Equal(got, []string{"changelog", "copyright"}) {
		t.Errorf("opened %q", got)
	}

	u.Tree = &sources.Tree{Origin: sources.Directory, Dir: u.Tree.Dir, Changelog: filepath.Join(u.Tree.Dir, "debian/changelog")}
	if _, err := Compose(u, result); err != nil {
		t.Fatal(err)
	}
	if got := opened(); !slices.Equal(got, []string{"changelog"}) {
		t.Errorf("of a directory: opened %q", got)
	}
}

// watched reports the names of the files below directories that are opened from call to call (inotify(7)).
func watched(t *testing.T, dirs ...string) func() []string {
	fd, err := syscall.InotifyInit1(syscall.IN_NONBLOCK | syscall.IN_CLOEXEC)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { syscall.Close(fd) })
	for _, dir := range dirs {
		err := filepath.WalkDir(dir, func(path string, e os.DirEntry, err error) error {
			if err == nil && e.IsDir() {
				_, err = syscall.InotifyAddWatch(fd, path, syscall.IN_OPEN)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	read := func() (names []string) {
		events := make([]byte, 64<<10)
		n, _ := syscall.Read(fd, events) // EAGAIN where there are none
		for events = events[:max(n, 0)]; len(events) >= syscall.SizeofInotifyEvent; {
			mask, length := binary.NativeEndian.Uint32(events[4:]), binary.NativeEndian.Uint32(events[12:])
			name := events[syscall.SizeofInotifyEvent : syscall.SizeofInotifyEvent+length]
			if mask&syscall.IN_ISDIR == 0 {
				names = append(names, strings.TrimRight(string(name), "\x00"))
			}
			events = events[syscall.SizeofInotifyEvent+length:]
		}
		slices.Sort(names)
		return slices.Compact(names)
	}
	read() // what the walk opened
	return read
}

// The package itself opens nothing, runs nothing and asks nobody: it has files by way of debpkg and sources alone.
func TestImports(t *testing.T) {
	out, err := exec.Command("go", "list", "-f", `{{join .Imports "\n"}}`, ".").Output()
	if err != nil {
		t.Fatal(err)
	}
	for _, imported := range strings.Fields(string(out)) {
		if slices.Contains([]string{"os", "io/ioutil", "os/exec", "net", "syscall", "golang.org/x/sys/unix", "log", "flag"}, imported) {
			t.Errorf("imports %s", imported)
		}
	}
}
