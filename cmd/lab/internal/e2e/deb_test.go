//go:build e2e

package e2e

import (
	"crypto/sha256"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"mago/cmd/lab/internal/debian"
)

// TestDeb installs mago's own package on a system that has nothing but Debian's base, changes its version up and down, and takes
// it away: then the system is as it was.
func TestDeb(t *testing.T) {
	if err := debian.Missing(); err != nil {
		t.Skip(err)
	}
	made := t.TempDir()
	mkdeb := exec.CommandContext(t.Context(), "go", "run", "mago/cmd/mkdeb", "-source="+top, "-dest="+made)
	mkdeb.Env = append(os.Environ(), "SOURCE_DATE_EPOCH=1900000000")
	run(t, mkdeb)
	deb := only(t, filepath.Join(made, "mago_*.deb"))
	for _, release := range []string{"bookworm", "trixie"} {
		t.Run(release, func(t *testing.T) {
			store, err := debian.OpenStore(release, t.Output())
			if err != nil {
				t.Fatal(err)
			}
			defer store.Close()
			if _, err := store.Prepared(t.Context()); err != nil { // which leaves apt's lists
				t.Fatal(err)
			}
			sys, err := store.Fresh(t.Context(), "deb")
			if err != nil {
				t.Fatal(err)
			}
			defer sys.Remove()
			own{sys}.live(t, deb)
		})
	}
}

// own is a system that mago's package comes to.
type own struct{ *debian.System }

func (s own) live(t *testing.T, deb string) {
	const user, keeps = "mago-build:x:", "/var/cache/mago/trees/v4l2loopback"
	copyTo(t, deb, s.Path("/srv/mago.deb"))
	older := t.TempDir()
	run(t, exec.CommandContext(t.Context(), "dpkg-deb", "-R", deb, older))
	run(t, exec.CommandContext(t.Context(), "sed", "-i", "s/^Version: .*/Version: 0.3/", older+"/DEBIAN/control"))
	run(t, exec.CommandContext(t.Context(), "dpkg-deb", "--root-owner-group", "-Znone", "-b", older, s.Path("/srv/older.deb")))
	before := s.files(t)

	s.apt(t, "install", "--simulate", "/srv/mago.deb").has(t, "\nInst mago ", "\nInst bubblewrap ", "\nInst build-essential ", "\nInst kmod ")
	s.apt(t, "install", "--no-install-recommends", "/srv/older.deb")
	output(s.files(t)["/etc/passwd"]).has(t, user)
	s.apt(t, "install", "--no-install-recommends", "/srv/mago.deb")
	run(t, s.Command(t.Context(), "mago", "--version")).has(t, "mago 0.")
	run(t, s.Command(t.Context(), "dpkg", "--verify", "mago")).lacks(t, "mago")
	s.apt(t, "install", "--no-install-recommends", "--allow-downgrades", "/srv/older.deb")
	run(t, s.Command(t.Context(), "mkdir", "-p", keeps))

	s.apt(t, "remove", "mago")
	removed := s.files(t)
	output(removed["/etc/passwd"]).has(t, user)
	if _, ok := removed[keeps]; !ok {
		t.Errorf("removal has taken %s", keeps)
	}
	s.apt(t, "purge", "mago")
	unchanged(t, before, s.files(t))

	run(t, s.Command(t.Context(), "useradd", "--system", "--user-group", "--no-create-home", "--home-dir", "/nonexistent", "--uid", "321",
		"--shell", "/usr/sbin/nologin", "--comment", "mago, builds kernel modules", "mago-build"))
	s.apt(t, "install", "--no-install-recommends", "/srv/mago.deb")
	output(s.files(t)["/etc/passwd"]).has(t, user+"321:")
	s.apt(t, "purge", "mago")
	unchanged(t, before, s.files(t))
}

func (s own) apt(t *testing.T, args ...string) output {
	t.Helper()
	return run(t, s.Command(t.Context(), append([]string{"apt-get", "-q", "--yes"}, args...)...))
}

// books are kept by apt, dpkg and useradd, of all that they have done.
var books = []string{"/var/lib/apt/", "/var/cache/apt/", "/var/cache/debconf/", "/var/log/", "/var/lib/dpkg/status-old", "/var/lib/dpkg/updates/",
	"/etc/passwd-", "/etc/group-", "/etc/shadow-", "/etc/gshadow-", "/etc/subuid-", "/etc/subgid-"}

// files are all files of the system but those books: who may do what with them, and what they hold; of those who list users, the text.
func (s own) files(t *testing.T) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := filepath.WalkDir(s.Dir, func(path string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := strings.TrimPrefix(path, s.Dir)
		for _, book := range books {
			if name == book || strings.HasSuffix(book, "/") && strings.HasPrefix(name, book) {
				return nil
			}
		}
		files[name], err = described(name, path)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func described(name, path string) (string, error) {
	info, err := os.Lstat(path)
	if err != nil {
		return "", err
	}
	stat := info.Sys().(*syscall.Stat_t)
	text := fmt.Sprintf("%v %d:%d", info.Mode(), stat.Uid, stat.Gid)
	switch {
	case info.Mode()&fs.ModeSymlink != 0:
		link, err := os.Readlink(path)
		return text + " " + link, err
	case !info.Mode().IsRegular():
		return text, nil
	}
	content, err := os.ReadFile(path)
	if name == "/etc/passwd" || name == "/etc/group" {
		return text + "\n" + string(content), err
	}
	return fmt.Sprintf("%s %x", text, sha256.Sum256(content)), err
}

func unchanged(t *testing.T, before, after map[string]string) {
	t.Helper()
	for name, was := range before {
		if is := after[name]; is != was {
			t.Errorf("%s was %s, is %s", name, was, is)
		}
	}
	for name, is := range after {
		if _, ok := before[name]; !ok {
			t.Errorf("%s is left, %s", name, is)
		}
	}
}

func copyTo(t *testing.T, from, to string) {
	t.Helper()
	if err := os.WriteFile(to, readFile(t, from), 0o644); err != nil {
		t.Fatal(err)
	}
}

// only is the one file that a pattern fits.
func only(t *testing.T, pattern string) string {
	t.Helper()
	all, err := filepath.Glob(pattern)
	if err != nil || len(all) != 1 {
		t.Fatalf("%s: %q, %v", pattern, all, err)
	}
	return all[0]
}

// TestUninstall: "make uninstall" takes away what "make install" has put, and no other file.
func TestUninstall(t *testing.T) {
	dest := t.TempDir()
	other := filepath.Join(dest, "usr/local/share/man/man8/other.8")
	if err := os.MkdirAll(filepath.Dir(other), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(other, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct {
		target string
		files  int
	}{{"install", 5}, {"uninstall", 1}} {
		run(t, exec.CommandContext(t.Context(), "make", "-C", top, step.target, "DESTDIR="+dest))
		count := 0
		err := filepath.WalkDir(dest, func(_ string, entry fs.DirEntry, err error) error {
			if err == nil && !entry.IsDir() {
				count++
			}
			return err
		})
		if err != nil || count != step.files {
			t.Errorf("%d files after make %s, want %d; %v", count, step.target, step.files, err)
		}
	}
	if _, err := os.Stat(other); err != nil {
		t.Error(err)
	}
}
