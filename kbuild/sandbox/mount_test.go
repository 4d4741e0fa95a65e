package sandbox

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// TestMountIsHeld: a directory is mounted while it is the one that was judged, and nothing that has taken its place.
func TestMountIsHeld(t *testing.T) {
	everyKind(t, func(t *testing.T, r Sandbox) {
		if r.Kind != Bubblewrap && r.Landlock == 0 {
			t.Skip("nothing is closed here")
		}
		work, top := workdir(t, r), workdir(t, Sandbox{})
		dir := filepath.Join(top, "headers")
		err := errors.Join(os.Mkdir(dir, 0o755), os.WriteFile(filepath.Join(dir, "file"), []byte("theirs"), 0o644))
		if err != nil {
			t.Fatal(err)
		}
		spec := Spec{Work: work, Mounts: []Mount{held(t, dir)}}
		if out := mustSh(t, r, spec, "cat "+dir+"/file"); out != "theirs" {
			t.Errorf("got %q", out)
		}
		if err := errors.Join(os.Rename(dir, dir+".old"), os.Symlink("/", dir)); err != nil {
			t.Fatal(err)
		}
		if out, err := sh(t, r, spec, "echo ran; ls "+dir); err == nil || !strings.Contains(out, "has been replaced") || strings.Contains(out, "ran") {
			t.Errorf("with a link in its place: got %v: %s", err, out)
		}
		if err := errors.Join(os.Remove(dir), os.Mkdir(dir, 0o755)); err != nil {
			t.Fatal(err)
		}
		if out, err := sh(t, r, spec, "echo ran"); err == nil || strings.Contains(out, "ran") {
			t.Errorf("with another one in its place: got %v: %s", err, out)
		}
	})
}

// held is a directory where it lies.
func held(t *testing.T, dir string) Mount {
	t.Helper()
	var stat unix.Stat_t
	if err := unix.Stat(dir, &stat); err != nil {
		t.Fatal(err)
	}
	return Mount{Host: dir, Path: dir, Device: stat.Dev, Inode: stat.Ino}
}

// TestMountWhereItLies shows a directory and a file that are not the system's, one of them to write to, in every kind.
func TestMountWhereItLies(t *testing.T) {
	everyKind(t, func(t *testing.T, r Sandbox) {
		work, top := workdir(t, r), workdir(t, r)
		file, dir := filepath.Join(top, "file"), filepath.Join(top, "dir")
		if err := errors.Join(os.WriteFile(file, []byte("one"), 0o600), os.Mkdir(dir, 0o700), r.Own(top)); err != nil {
			t.Fatal(err)
		}
		spec := Spec{Work: work, Mounts: []Mount{{Host: file, Path: file}, {Host: dir, Path: dir, Writable: true}}}
		out := mustSh(t, r, spec, "cat "+file+"; echo two >"+dir+"/new; (echo three >"+file+") 2>/dev/null || echo ' read-only'")
		if r.Kind != Bubblewrap && r.Landlock == 0 {
			return
		}
		if text, err := os.ReadFile(filepath.Join(dir, "new")); string(text) != "two\n" || out != "one read-only\n" {
			t.Errorf("got %q; written %q, %v", out, text, err)
		}
	})
}

// TestMountElsewhere: sandboxes with a file system of their own show what lies at another path, and the others say so.
func TestMountElsewhere(t *testing.T) {
	everyKind(t, func(t *testing.T, r Sandbox) {
		work := workdir(t, r)
		for _, path := range []string{"/usr/src/elsewhere-1.0", "/usr/lib"} {
			_, err := sh(t, r, Spec{Work: work, Mounts: []Mount{{Host: work, Path: path}}}, "test -d "+path)
			var cannot *MountError
			if refused := errors.As(err, &cannot); refused == r.Shows() || refused && (cannot.Kind != r.Kind || cannot.Path != path) {
				t.Errorf("%s: got %v", path, err)
			}
		}
	})
}

func TestMountInTheSystem(t *testing.T) {
	closedKinds(t, testMountInTheSystem)
}

func testMountInTheSystem(t *testing.T, r Sandbox) {
	work := workdir(t, r)
	if err := os.WriteFile(filepath.Join(work, "file"), []byte("shown"), 0o644); err != nil {
		t.Fatal(err)
	}
	spec := Spec{Work: work, Mounts: []Mount{
		{Host: work, Path: "/usr/src/hello-1.0"},
		{Host: work, Path: "/usr/src/bye-1.0", Writable: true},
		{Host: filepath.Join(work, "file"), Path: "/usr/no/such/name"},
	}}
	out := mustSh(t, r, spec, "cat /usr/src/hello-1.0/file /usr/no/such/name; ls /usr/src; touch /usr/src/bye-1.0/x; touch /usr/src/hello-1.0/x /usr/src/x /usr/x 2>/dev/null || echo read-only; test ! -e /usr/src/x")
	entries, _ := os.ReadDir("/usr/src")
	for _, e := range entries {
		if !strings.Contains(out, e.Name()+"\n") {
			t.Errorf("/usr/src/%s is gone", e.Name())
		}
	}
	if !strings.HasPrefix(out, "shownshown") || !strings.Contains(out, "hello-1.0\n") || !strings.HasSuffix(out, "read-only\n") {
		t.Errorf("got %q", out)
	}
	if _, err := os.Stat(filepath.Join(work, "x")); err != nil {
		t.Errorf("what was written to the writable one: %v", err)
	}
}

// TestMountBelowLib mounts a directory below /lib, which is a link into /usr here, in the stead of what is there.
func TestMountBelowLib(t *testing.T) {
	r, root := newSandbox(t, Bubblewrap), t.TempDir()
	for _, dir := range []string{"usr/bin", "usr/lib/modules/6.1.0/updates/dkms/old", "usr/lib/modules/6.1.0/updates/other"} {
		if err := os.MkdirAll(filepath.Join(root, dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("usr/lib", filepath.Join(root, "lib")); err != nil {
		t.Fatal(err)
	}
	r.Root = root
	args := strings.Join(r.mounts([]Mount{{Host: "/new", Path: "/lib/modules/6.1.0/updates/dkms"}}), " ")
	const base = "/usr/lib/modules/6.1.0/updates"
	want := "--tmpfs " + base + " --ro-bind-try " + root + base + "/other " + base + "/other " +
		"--perms 0755 --dir /usr --perms 0755 --dir /usr/lib --perms 0755 --dir /usr/lib/modules --perms 0755 --dir /usr/lib/modules/6.1.0 " +
		"--perms 0755 --dir " + base + " --ro-bind /new " + base + "/dkms --remount-ro " + base
	if args != want {
		t.Errorf("got %s\nwant %s", args, want)
	}
}

// TestFiles hands down a file and a pipe: the program gets both by the numbers that are promised, and no other descriptor.
func TestFiles(t *testing.T) {
	everyKind(t, func(t *testing.T, r Sandbox) {
		work := workdir(t, r)
		path := filepath.Join(workdir(t, Sandbox{}), "file")
		if err := os.WriteFile(path, []byte("given"), 0o600); err != nil {
			t.Fatal(err)
		}
		file, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		read, write, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		defer read.Close()
		out := mustSh(t, r, Spec{Work: work, Files: []*os.File{file, write}}, "cat <&3; printf token >&4; for n in 5 6 7 8 9; do (: <&$n) 2>/dev/null && echo \" and $n\"; done; true")
		_ = write.Close()
		if token, err := io.ReadAll(read); out != "given" || string(token) != "token" || err != nil {
			t.Errorf("got %q, %q, %v", out, token, err)
		}
	})
}

func TestIsSystem(t *testing.T) {
	for path, want := range map[string]bool{"/usr": true, "/usr/src/x": true, "/lib/modules/x/build": true, "/usrx": false, "/": false, "/var": false, "/home/me": false} {
		if IsSystem(path) != want {
			t.Errorf("%s: got %v", path, !want)
		}
	}
}

// TestMountOfLink: a link is made where programs find it, in a directory of the system or in the place of what is there, and its
// target is as it was given.
func TestMountOfLink(t *testing.T) {
	closedKinds(t, func(t *testing.T, r Sandbox) {
		work := workdir(t, r)
		if err := os.WriteFile(filepath.Join(work, "file"), []byte("shown"), 0o644); err != nil {
			t.Fatal(err)
		}
		spec := Spec{Work: work, Mounts: []Mount{
			{Host: work, Path: "/usr/src/hello-1.0"}, {Path: "/usr/src/link", Link: "hello-1.0"}, {Path: "/usr/no/such/build", Link: "/usr/src/link"},
			{Path: "/usr/share/doc", Link: "../src/hello-1.0"},
		}}
		out := mustSh(t, r, spec, "cat /usr/no/such/build/file /usr/share/doc/file; readlink /usr/src/link /usr/no/such/build /usr/share/doc; realpath /usr/no/such/build; ls -d /usr/src/link")
		if want := "shownshownhello-1.0\n/usr/src/link\n../src/hello-1.0\n/usr/src/hello-1.0\n/usr/src/link\n"; out != want {
			t.Errorf("got %q, want %q", out, want)
		}
	})
}
