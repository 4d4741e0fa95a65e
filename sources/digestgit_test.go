package sources

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// repository is a source under git, of one commit.
type repository struct {
	t   *testing.T
	dir string
}

func newRepository(t *testing.T, dir string) repository {
	t.Helper()
	r := repository{t, dir}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	r.git("init", "-q", "-b", "main")
	r.write("Makefile", "obj-m := hello.o\n")
	r.git("add", ".")
	r.git("commit", "-q", "-m", "first")
	return r
}

// git runs git as nobody's settings have it.
func (r repository) git(args ...string) {
	r.t.Helper()
	cmd := exec.Command("git", append([]string{"-C", r.dir, "-c", "protocol.file.allow=always"}, args...)...)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=/nonexistent", "GIT_CONFIG_NOSYSTEM=1",
		"GIT_AUTHOR_NAME=A", "GIT_AUTHOR_EMAIL=a@example.org", "GIT_COMMITTER_NAME=A", "GIT_COMMITTER_EMAIL=a@example.org"}
	if out, err := cmd.CombinedOutput(); err != nil {
		r.t.Fatalf("git %s: %v\n%s", strings.Join(args, " "), err, out)
	}
}

func (r repository) write(name, content string) {
	r.t.Helper()
	if err := os.WriteFile(filepath.Join(r.dir, name), []byte(content), 0o644); err != nil {
		r.t.Fatal(err)
	}
}

func (r repository) digest() string {
	r.t.Helper()
	sum, err := Digest(r.t.Context(), r.dir)
	if err != nil {
		r.t.Fatal(err)
	}
	return sum
}

// changes does something and wants the digest to be another one after it, or the same.
func (r repository) changes(want bool, what string, do func()) {
	r.t.Helper()
	before := r.digest()
	do()
	if got := r.digest() != before; got != want {
		r.t.Errorf("%s changes the digest: %v, want %v", what, got, want)
	}
}

// TestGitState: what git would say of a source counts, and in which files it keeps its objects does not.
func TestGitState(t *testing.T) {
	r := newRepository(t, filepath.Join(t.TempDir(), "hello"))
	for _, made := range [][]string{{"commit", "-q", "--allow-empty", "-m", "second"}, {"tag", "v1"}, {"branch", "other"}, {"config", "core.abbrev", "12"}, {"tag", "-f", "v1", "HEAD~1"}} {
		r.changes(true, "git "+strings.Join(made, " "), func() { r.git(made...) })
	}
	r.changes(false, "objects in a pack", func() { r.git("repack", "-q", "-n", "-d") })
	r.changes(true, "a staged file that is not there", func() {
		r.write("new.c", "int a;\n")
		r.git("add", "new.c")
		if err := os.Remove(filepath.Join(r.dir, "new.c")); err != nil {
			t.Fatal(err)
		}
	})
	copied := repository{t, r.dir + "-copy"}
	if out, err := exec.Command("cp", "-r", r.dir, copied.dir).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if copied.digest() != r.digest() {
		t.Error("a copy has another digest")
	}
}

// TestGitStateOfSubmodule: a submodule's counts below the repository that it is a part of.
func TestGitStateOfSubmodule(t *testing.T) {
	top := t.TempDir()
	hello := newRepository(t, filepath.Join(top, "hello"))
	whole := newRepository(t, filepath.Join(top, "whole"))
	whole.git("submodule", "--quiet", "add", hello.dir, "sub")
	sub := repository{t, filepath.Join(whole.dir, "sub")}
	whole.changes(true, "a commit in a submodule", func() { sub.git("commit", "-q", "--allow-empty", "-m", "third") })
	whole.changes(false, "a submodule's objects in a pack", func() { sub.git("repack", "-q", "-n", "-d") })
}

// TestDigestOfOthersHistory: what other programs keep of a source's history is a file as any other.
func TestDigestOfOthersHistory(t *testing.T) {
	for _, name := range []string{".svn/wc.db", ".hg/dirstate", ".hg/store/00changelog.i", ".git/hooks/objects/a", "objects/a.c", "logs/b.c"} {
		r := repository{t, t.TempDir()}
		r.write("HEAD", "not git's\n")
		if err := os.MkdirAll(filepath.Join(r.dir, filepath.Dir(name)), 0o755); err != nil {
			t.Fatal(err)
		}
		r.changes(true, name, func() { r.write(name, "x") })
	}
}
