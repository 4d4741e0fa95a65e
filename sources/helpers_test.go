package sources

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"mago/catalog"
	"mago/debpkg/word"
)

// entryDate is the date of everything in the tests' archives.
var entryDate = time.Date(2023, 1, 2, 3, 4, 5, 0, time.UTC)

const changelogText = `hello (1.0-2) unstable; urgency=medium

  * Something.

 -- A Person <person@example.org>  Mon, 06 Feb 2023 07:08:09 +0100

hello (1.0-1) unstable; urgency=medium

  * First.

 -- A Person <person@example.org>  Mon, 02 Jan 2023 03:04:05 +0000
`

const dkmsConf = "PACKAGE_NAME=\"hello\"\nPACKAGE_VERSION=\"1.0\"\n"

// files maps the names of an archive's files to their content; "-> target" is a symbolic link.
type files map[string]string

// dkmsFiles are the data of a package that brings hello for dkms.
func dkmsFiles() files {
	return files{
		"./usr/src/hello-1.0/dkms.conf":                  dkmsConf,
		"./usr/src/hello-1.0/hello.c":                    "int x;\n",
		"./usr/share/doc/hello-dkms/copyright":           "GPL-2\n",
		"./usr/share/doc/hello-dkms/changelog.Debian.gz": gzipped(changelogText),
		"./usr/share/doc/hello-dkms/changelog.gz":        gzipped("upstream's\n"),
		"./usr/share/doc/hello-dkms/examples":            "-> /usr/share/examples",
	}
}

func tarball(t testing.TB, content files) []byte {
	t.Helper()
	var buf bytes.Buffer
	w := tar.NewWriter(&buf)
	for name, text := range content {
		h := tar.Header{Name: name, Mode: 0o644, Size: int64(len(text)), ModTime: entryDate, Typeflag: tar.TypeReg}
		if target, ok := strings.CutPrefix(text, "-> "); ok {
			h.Typeflag, h.Linkname, h.Size, text = tar.TypeSymlink, target, 0, ""
		}
		if err := w.WriteHeader(&h); err != nil {
			t.Fatal(err)
		}
		io.WriteString(w, text)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

func gzipped(text string) string {
	var buf bytes.Buffer
	w := gzip.NewWriter(&buf)
	io.WriteString(w, text)
	w.Close()
	return buf.String()
}

// compressed runs the program that makes a format; "" leaves the data alone.
func compressed(t testing.TB, data []byte, command ...string) []byte {
	t.Helper()
	if len(command) == 0 {
		return data
	}
	cmd := exec.Command(command[0], command[1:]...)
	cmd.Stdin = bytes.NewReader(data)
	out, err := cmd.Output()
	if err != nil {
		t.Skipf("%s cannot be run: %v", command[0], err)
	}
	return out
}

// compressors are the ways a source tarball comes.
var compressors = map[string][]string{
	".tar": nil, ".tar.gz": {"gzip", "-c"}, ".tar.bz2": {"bzip2", "-c"}, ".tar.xz": {"xz", "-c"},
	".tar.zst": {"zstd", "-q", "-c"}, ".tar.lzma": {"xz", "--format=lzma", "-c"},
}

const controlFormat = `Package: %s
Version: %s
Architecture: all
Maintainer: A Person <person@example.org>
Description: a module
 with a text of
 .
 two paragraphs
`

// deb makes a .deb by hand, as deb(5) has it, so that its data may be anything.
func deb(t testing.TB, name, version string, data []byte) []byte {
	t.Helper()
	var buf bytes.Buffer
	buf.WriteString("!<arch>\n")
	control := tarball(t, files{"./control": fmt.Sprintf(controlFormat, name, version)})
	for _, m := range []struct {
		name string
		data []byte
	}{{"debian-binary", []byte("2.0\n")}, {"control.tar", control}, {"data.tar", data}} {
		fmt.Fprintf(&buf, "%-16s%-12d%-6d%-6d%-8s%-10d`\n", m.name, 0, 0, 0, "100644", len(m.data))
		buf.Write(m.data)
		if len(m.data)%2 == 1 {
			buf.WriteByte('\n')
		}
	}
	return buf.Bytes()
}

func hash(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// helloDKMS is the package of a .deb that has these bytes.
var all = word.Must(word.ParseArchitecture("all"))

func named(text string) word.Package     { return word.Must(word.ParsePackage(text)) }
func ofVersion(text string) word.Version { return word.Must(word.ParseVersion(text)) }

func helloDKMS(data []byte) catalog.Package {
	return catalog.Package{Name: named("hello-dkms"), Kind: catalog.DKMS, Version: ofVersion("1.0-2"), Architecture: all, SHA256: hash(data)}
}

func helloSource(data []byte) catalog.Package {
	return catalog.Package{Name: named("hello-source"), Kind: catalog.ModuleAssistant, Version: ofVersion("1.0-2"), Architecture: all, SHA256: hash(data)}
}

// fakeApt stands in for apt-get: it notes what it was called with and does what the test wants in cmd.Dir.
type fakeApt struct {
	mu    sync.Mutex
	calls []string
	do    func(cmd *exec.Cmd) error
}

func (a *fakeApt) Run(cmd *exec.Cmd) error {
	a.mu.Lock()
	a.calls = append(a.calls, strings.Join(cmd.Args, " "))
	a.mu.Unlock()
	return a.do(cmd)
}

// leaves makes apt-get leave one file.
func leaves(name string, data []byte) *fakeApt {
	return &fakeApt{do: func(cmd *exec.Cmd) error {
		return os.WriteFile(filepath.Join(cmd.Dir, name), data, 0o600)
	}}
}

// unusable is an apt-get that must not be run.
func unusable(t *testing.T) *fakeApt {
	return &fakeApt{do: func(cmd *exec.Cmd) error {
		t.Errorf("%v was run", cmd.Args)
		return os.ErrInvalid
	}}
}

// write writes a file and the directories above it.
func write(t testing.TB, path string, data []byte) string {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(path, entryDate, entryDate); err != nil {
		t.Fatal(err)
	}
	return path
}

// left lists the files in a cache, locks and empty directories aside.
func left(t testing.TB, cache string) (names []string) {
	t.Helper()
	err := filepath.WalkDir(cache, func(path string, e fs.DirEntry, err error) error {
		rel, _ := filepath.Rel(cache, path)
		if err == nil && (!e.IsDir() && !strings.HasPrefix(rel, "locks/") || strings.HasPrefix(e.Name(), tempPrefix)) {
			names = append(names, rel)
		}
		return err
	})
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	return names
}

// owner gives a file's owner and permissions.
func owner(t testing.TB, path string) (uid uint32, mode fs.FileMode) {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info.Sys().(*syscall.Stat_t).Uid, info.Mode().Perm()
}
