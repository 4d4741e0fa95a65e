package apt

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"mago/debpkg/rooted"
	"mago/debpkg/word"
)

// debFile is the content of a .deb with some of its control fields set otherwise.
func debFile(t *testing.T, set ...string) []byte {
	t.Helper()
	data, err := os.ReadFile(mustWrite(t, t.TempDir(), testPackage(append([]string{"Package", "hello", "Version", "1:2-3"}, set...)...)))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// hello is what apt's lists have of a .deb.
func hello(data []byte) Deb {
	sum := sha256.Sum256(data)
	return Deb{
		Target: word.Target{Name: word.Must(word.ParsePackage("hello")), Version: word.Must(word.ParseVersion("1:2-3"))},
		SHA256: hex.EncodeToString(sum[:]),
	}
}

// machine is d for an architecture.
func machine(d Deb, architecture string) Deb {
	d.Architecture = word.Must(word.ParseArchitecture(architecture))
	return d
}

// leaving is an apt-get that leaves files of one content in its directory.
func leaving(data []byte, names ...string) func(*exec.Cmd) error {
	return func(cmd *exec.Cmd) (err error) {
		for _, name := range names {
			err = errors.Join(err, os.WriteFile(filepath.Join(cmd.Dir, name), data, 0o600))
		}
		return err
	}
}

// fetch puts a .deb into a directory of its own and lists what that then holds.
func fetch(t *testing.T, d Downloader, deb Deb) (names []string, err error) {
	t.Helper()
	dir := t.TempDir()
	err = d.Fetch(t.Context(), deb, t.TempDir(), filepath.Join(dir, "kept.deb"))
	entries, _ := os.ReadDir(dir)
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names, err
}

// TestFetch takes the one .deb that apt's lists describe, and nothing that differs from it in any way.
func TestFetch(t *testing.T) {
	good := debFile(t)
	half := good[:len(good)/2]
	other, newer, common := debFile(t, "Package", "other"), debFile(t, "Version", "1:2-4"), debFile(t, "Architecture", "all")
	unhashed := hello(good)
	unhashed.SHA256 = ""
	says := func(text string) func(*exec.Cmd) error {
		return func(cmd *exec.Cmd) error {
			_, _ = cmd.Stderr.Write([]byte(text))
			return errors.Join(leaving(half, "x.deb")(cmd), errors.New("exit status 100"))
		}
	}
	linked := func(link func(from, to string) error) func(*exec.Cmd) error {
		return func(cmd *exec.Cmd) error {
			from := filepath.Join(t.TempDir(), "x.deb")
			return errors.Join(os.WriteFile(from, good, 0o600), link(from, filepath.Join(cmd.Dir, "x.deb")))
		}
	}
	for what, test := range map[string]struct {
		run  func(*exec.Cmd) error
		deb  Deb
		want string // in the error; "" for none
	}{
		"the one":             {leaving(good, "x.deb"), hello(good), ""},
		"its architecture":    {leaving(good, "x.deb"), machine(hello(good), "amd64"), ""},
		"for all":             {leaving(common, "x.deb"), machine(hello(common), "amd64"), ""},
		"beside another file": {leaving(good, "x.deb", "x.txt"), hello(good), ""},
		"offline":             {says("W: x\nE: Failed to fetch a\nE: b\n"), hello(good), "download hello 1:2-3: Failed to fetch a; b"},
		"silent failure":      {says(""), hello(good), "download hello 1:2-3: apt-get: "},
		"nothing":             {leaving(good), hello(good), "left 0 .deb files"},
		"two files":           {leaving(good, "x.deb", "y.deb"), hello(good), "left 2 .deb files"},
		"wrong hash":          {leaving(other, "x.deb"), hello(good), "apt's lists have " + hello(good).SHA256},
		"cut":                 {leaving(half, "x.deb"), hello(good), "apt's lists have " + hello(good).SHA256},
		"cut, as listed":      {leaving(half, "x.deb"), hello(half), "goes beyond the end"},
		"no hash":             {leaving(good, "x.deb"), unhashed, "no SHA256"},
		"another name":        {leaving(other, "x.deb"), hello(other), "it is other 1:2-3"},
		"another version":     {leaving(newer, "x.deb"), hello(newer), "it is hello 1:2-4"},
		"for another machine": {leaving(good, "x.deb"), machine(hello(good), "arm64"), "it is for amd64"},
		"a link":              {linked(os.Symlink), hello(good), "left 0 .deb files"},
		"a named pipe": {func(cmd *exec.Cmd) error { return syscall.Mkfifo(filepath.Join(cmd.Dir, "x.deb"), 0o600) },
			hello(good), "left 0 .deb files"},
	} {
		t.Run(what, func(t *testing.T) {
			names, err := fetch(t, Downloader{Run: test.run}, test.deb)
			if test.want == "" {
				if err != nil || !slices.Equal(names, []string{"kept.deb"}) {
					t.Errorf("left %q, err = %v", names, err)
				}
				return
			}
			var failed *FetchError
			if !errors.As(err, &failed) || failed.Package != "hello" || failed.Version != "1:2-3" || !strings.Contains(err.Error(), test.want) {
				t.Errorf("err = %v, want %q", err, test.want)
			}
			if len(names) > 0 {
				t.Errorf("left behind: %q", names)
			}
		})
	}
}

// TestFetchAsks asks apt for one version of one machine, and says whether an unsigned archive will do.
func TestFetchAsks(t *testing.T) {
	good := debFile(t)
	doubted := machine(hello(good), "amd64")
	doubted.Unauthenticated = true
	var asked []string
	run := func(cmd *exec.Cmd) error {
		asked = cmd.Args
		return leaving(good, "x.deb")(cmd)
	}
	var refused *UnauthenticatedError
	if _, err := fetch(t, Downloader{Run: run}, doubted); !errors.As(err, &refused) || asked != nil {
		t.Errorf("ran %q, err = %v", asked, err)
	}
	for _, unauthenticated := range []bool{true, false} {
		doubted.Unauthenticated = unauthenticated
		if _, err := fetch(t, Downloader{Run: run, Unauthenticated: unauthenticated}, doubted); err != nil {
			t.Error(err)
		}
		want := slices.Concat([]string{"apt-get", "download"}, TrustArgs(unauthenticated), []string{"-o", "APT::Cmd::Pattern-Only=true", "--", "hello:amd64=1:2-3"})
		if !slices.Equal(asked, want) {
			t.Errorf("ran %q, want %q", asked, want)
		}
	}
}

// TestFetchEnds: neither a file that is copied nor one that is hashed holds up a context that has ended.
func TestFetchEnds(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	hole := filepath.Join(t.TempDir(), "hole.deb")
	if err := errors.Join(os.WriteFile(hole, nil, 0o600), os.Truncate(hole, 4<<40)); err != nil {
		t.Fatal(err)
	}
	if err := hello(nil).Verify(ctx, hole); !errors.Is(err, context.Canceled) {
		t.Errorf("verify: %v", err)
	}
	if err := hello(nil).take(ctx, filepath.Dir(hole), "", filepath.Join(t.TempDir(), "x.deb")); !errors.Is(err, context.Canceled) {
		t.Errorf("take: %v", err)
	}
}

// TestFetchKeepsACopy: the file that apt's user may have open is not the one that is kept, nor one that was there before.
func TestFetchKeepsACopy(t *testing.T) {
	good, path := debFile(t), filepath.Join(t.TempDir(), "kept.deb")
	var open *os.File
	defer func() { open.Close() }()
	d := Downloader{Run: func(cmd *exec.Cmd) (err error) {
		open, err = os.OpenFile(filepath.Join(cmd.Dir, "x.deb"), os.O_RDWR|os.O_CREATE, 0o600)
		_, writeErr := open.Write(good)
		return errors.Join(err, writeErr)
	}}
	if err := os.WriteFile(path, []byte("older"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := d.Fetch(t.Context(), hello(good), t.TempDir(), path); err != nil {
		t.Fatal(err)
	}
	if _, err := open.WriteAt([]byte("something else"), 0); err != nil {
		t.Fatal(err)
	}
	if kept, err := os.ReadFile(path); !bytes.Equal(kept, good) || err != nil {
		t.Errorf("the kept file has changed: %v", err)
	}
}

// TestFetchLendsTheDirectoryToApt: apt downloads as _apt into a directory that is its own only as long as it runs.
func TestFetchLendsTheDirectoryToApt(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can give a directory away")
	}
	good, root := debFile(t), t.TempDir()
	writeFile(t, filepath.Join(root, "etc/passwd"), "root:x:0:0:::\n_apt:x:4242:65534::/nonexistent:/bin/false\n")
	scratch, path := filepath.Join(root, "scratch"), filepath.Join(root, "kept.deb")
	if err := os.Mkdir(scratch, 0o755); err != nil {
		t.Fatal(err)
	}
	d := Downloader{Root: rooted.Root(root), Run: func(cmd *exec.Cmd) error {
		if uid, _ := owner(t, scratch); uid != 4242 || cmd.Dir != "/scratch" {
			t.Errorf("apt-get's directory %s belongs to %d", cmd.Dir, uid)
		}
		file := filepath.Join(scratch, "x.deb")
		return errors.Join(os.WriteFile(file, good, 0o600), os.Chown(file, 4242, -1))
	}}
	if err := d.Fetch(t.Context(), hello(good), scratch, path); err != nil {
		t.Fatal(err)
	}
	if uid, mode := owner(t, path); uid != 0 || mode != 0o644 {
		t.Errorf("the download belongs to %d with mode %o", uid, mode)
	}
}

// TestTakeWantsTheDirectoryBackFirst: before the check, not after it, else apt's user could put another file in the place of
// the one that was checked.
func TestTakeWantsTheDirectoryBackFirst(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can give a directory away")
	}
	dir := t.TempDir()
	if err := os.Chown(dir, 4242, -1); err != nil {
		t.Fatal(err)
	}
	if err := hello(nil).take(t.Context(), dir, "", filepath.Join(t.TempDir(), "x.deb")); err == nil {
		t.Error("took a .deb that is not there")
	}
	if uid, _ := owner(t, dir); uid != 0 {
		t.Errorf("the directory belongs to %d", uid)
	}
}

// owner gives a file's owner and permissions.
func owner(t *testing.T, path string) (uid uint32, mode fs.FileMode) {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info.Sys().(*syscall.Stat_t).Uid, info.Mode().Perm()
}
