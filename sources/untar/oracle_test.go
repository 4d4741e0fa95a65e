package untar

import (
	"archive/tar"
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"mago/cmd/lab/oracle"
)

// tarProgram is tar(1), whose archives and whose view of them are the measure.
func tarProgram(t testing.TB, dir string, args ...string) []byte {
	t.Helper()
	cmd := exec.Command("tar", args...)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), "LC_ALL=C")
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("tar %v: %v", args, err)
	}
	return out
}

// sample makes a tree with what archives encode in ways of their own.
func sample(t testing.TB) string {
	t.Helper()
	top := t.TempDir()
	deep := filepath.Join(top, strings.Repeat("directory/", 20)+"end")
	if err := os.MkdirAll(deep, 0o755); err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string]string{
		"plain": "plain", "empty": "", "naïve name": "x", filepath.Join(strings.Repeat("directory/", 20), "end", strings.Repeat("n", 200)): "long",
	} {
		if err := os.WriteFile(filepath.Join(top, name), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, err := range []error{
		os.Symlink("plain", filepath.Join(top, "link")),
		os.Link(filepath.Join(top, "plain"), filepath.Join(top, "hard")),
		os.WriteFile(filepath.Join(top, "sparse"), []byte("begin"), 0o644),
		os.Truncate(filepath.Join(top, "sparse"), 1<<20),
		os.WriteFile(filepath.Join(top, "hole"), nil, 0o644),
		os.Truncate(filepath.Join(top, "hole"), 1<<20),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	return top
}

func TestExtractAgreesWithTar(t *testing.T) {
	if _, err := exec.LookPath("tar"); err != nil {
		t.Skip("no tar(1) to compare with")
	}
	top := sample(t)
	for _, args := range [][]string{
		{"--format=gnu"}, {"--format=gnu", "--sparse"}, {"--format=posix"}, {"--format=posix", "--sparse", "--sparse-version=1.0"},
		{"--format=posix", "--sparse", "--sparse-version=0.1"}, {"--format=posix", "--sparse", "--sparse-version=0.0"},
	} {
		t.Run(strings.Join(args, " "), func(t *testing.T) {
			data := tarProgram(t, top, append(args, "-cf", "-", ".")...)
			tree, _, err := open(t, bytes.NewReader(data), Options{})
			if err != nil {
				t.Fatal(err)
			}
			if got, want := names(t, tree), listed(t, data); !slices.Equal(got, want) {
				t.Errorf("extracted %q, tar lists %q", got, want)
			}
			if out, err := exec.Command("diff", "-r", "--no-dereference", top, tree).CombinedOutput(); err != nil {
				t.Errorf("diff: %v: %s", err, out)
			}
		})
	}
}

// FuzzExtractAgreesWithTar: what tar(1) cannot read is refused, and what is opened is what tar makes of it. What tar
// opens and Extract refuses is unsafe or too much, or stricter tells of it.
func FuzzExtractAgreesWithTar(f *testing.F) {
	if _, err := exec.LookPath("tar"); err != nil {
		f.Skip("no tar(1) to compare with")
	}
	for _, entries := range [][]entry{
		{dir("d"), file("d/f", "content"), symlink("d/l", "../d/f"), hardlink("h", "d/f")},
		{file("f", "first"), file("f", "second"), symlink("f", "x")},
		{file(strings.Repeat("n", 300), "long"), file("naïve", "PAX")},
		{file("a/b/c", ""), dir("a/b"), file("./x", "y")},
	} {
		f.Add(archive(f, entries...))
	}
	top := sample(f)
	for _, args := range [][]string{{"--format=gnu", "--sparse"}, {"--format=posix", "--sparse"}, {"--format=v7"}, {"--format=ustar"}} {
		f.Add(tarProgram(f, top, append(args, "-cf", "-", "plain", "empty", "link", "hard", "sparse")...))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		tree, stats, err := open(t, bytes.NewReader(data), Options{Limits: Limits{Bytes: 4 << 20, Entries: 100}})
		if len(stats.LeftOut) > 0 {
			return // tar makes FIFOs, and as root devices
		}
		if err != nil {
			if text, ok := tarLists(t, data); ok && !stricter(err) {
				t.Errorf("tar lists %q, and here: %v", text, err)
			}
			return
		}
		theirs := t.TempDir()
		if complaint, err := tarOpens(t, data, theirs); err != nil {
			t.Errorf("tar: %v: %s", err, complaint)
		}
		var out bytes.Buffer
		diff := exec.Command("diff", "-r", "--no-dereference", theirs, tree)
		diff.Stdout, diff.Stderr = &out, &out
		if err := oracle.Run(t, diff); err != nil {
			t.Errorf("diff: %v: %s", err, out.String())
		}
	})
}

// stricter reports what is refused on purpose: what is unsafe, too much, cut off in the middle of a block, or has a header that
// is malformed where tar(1) happens not to look, such as a device's number of what is no device, or a NUL in an extended
// header's name. What tar itself writes has none of these, in any of its formats: see TestExtractAgreesWithTar.
func stricter(err error) bool {
	return errors.As(err, new(*UnsafeError)) || errors.As(err, new(*LimitError)) || errors.Is(err, tar.ErrHeader) || errors.Is(err, io.ErrUnexpectedEOF)
}

// tarLists reports whether tar(1) reads an archive without a complaint.
func tarLists(t testing.TB, data []byte) (string, bool) {
	out, complaint, err := tarReads(t, data, "-t")
	return out, err == nil && complaint == ""
}

// tarOpens opens an archive that Extract has found harmless. A complaint alone, such as the one about a PAX keyword that tar(1)
// does not know and passes over, is no refusal.
func tarOpens(t testing.TB, data []byte, dir string) (complaint string, err error) {
	_, complaint, err = tarReads(t, data, "-x", "--no-same-owner", "--no-same-permissions", "--directory="+dir)
	return complaint, err
}

func tarReads(t testing.TB, data []byte, args ...string) (out, complaint string, err error) {
	var stdout, stderr bytes.Buffer
	cmd := exec.Command("tar", append(args, "--file=-")...)
	cmd.Env, cmd.Stdin, cmd.Stdout, cmd.Stderr = append(os.Environ(), "LC_ALL=C", "TAR_OPTIONS="), bytes.NewReader(data), &stdout, &stderr
	err = oracle.Run(t, cmd)
	return stdout.String(), stderr.String(), err
}

// listed is what tar -t lists.
func listed(t *testing.T, archive []byte) []string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "x.tar")
	if err := os.WriteFile(path, archive, 0o600); err != nil {
		t.Fatal(err)
	}
	var all []string
	for line := range strings.Lines(string(tarProgram(t, "", "--quoting-style=literal", "-tf", path))) {
		if name := filepath.Clean(strings.TrimSpace(line)); name != "." {
			all = append(all, name)
		}
	}
	slices.Sort(all)
	return all
}

// names lists what lies below tree.
func names(t testing.TB, tree string) []string {
	t.Helper()
	var all []string
	walk(t, tree, func(path string) { all = append(all, path) })
	slices.Sort(all)
	return all
}
