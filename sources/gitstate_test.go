package sources

import (
	"bytes"
	"crypto/sha1"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
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

// renewed has git write its index, packs and lists anew without anything to tell: each of them has other bytes then.
func (r repository) renewed(dir string) {
	r.t.Helper()
	index := func() []byte { text, _ := os.ReadFile(filepath.Join(dir, "index")); return text }
	before := index()
	r.changes(false, "git status", func() {
		if err := os.Chtimes(filepath.Join(r.dir, "Makefile"), time.Unix(1, 0), time.Unix(1, 0)); err != nil {
			r.t.Fatal(err)
		}
		r.git("status")
	})
	if bytes.Equal(index(), before) {
		r.t.Error("git status has left the index as it was")
	}
	r.changes(false, "git gc", func() { r.git("gc", "-q") })
}

// TestGitState: what git would say of a source counts, and how it keeps that does not.
func TestGitState(t *testing.T) {
	r := newRepository(t, filepath.Join(t.TempDir(), "hello"))
	for _, made := range [][]string{{"commit", "-q", "--allow-empty", "-m", "second"}, {"tag", "v1"}, {"branch", "other"}, {"config", "core.abbrev", "12"}, {"tag", "-f", "v1", "HEAD~1"}} {
		r.changes(true, "git "+strings.Join(made, " "), func() { r.git(made...) })
	}
	r.renewed(filepath.Join(r.dir, ".git"))
	if _, err := os.Stat(filepath.Join(r.dir, ".git/refs/tags/v1")); err == nil {
		t.Error("git gc has left the tag where it was")
	}
	r.changes(true, "a tag after gc", func() { r.git("tag", "v2") })
	r.changes(true, "a packed tag that goes", func() { r.git("tag", "-d", "v1") })
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

// TestGitStateElsewhere: the same where a file leads to git's directory, as in a worktree and a submodule.
func TestGitStateElsewhere(t *testing.T) {
	top := t.TempDir()
	r := newRepository(t, filepath.Join(top, "hello"))
	r.git("worktree", "add", "-q", "../tree")
	tree := repository{t, filepath.Join(top, "tree")}
	tree.changes(true, "a commit in a worktree", func() { tree.git("commit", "-q", "--allow-empty", "-m", "second") })
	tree.changes(true, "a tag in its repository", func() { r.git("tag", "v1") })
	tree.renewed(filepath.Join(r.dir, ".git/worktrees/tree"))

	whole := newRepository(t, filepath.Join(top, "whole"))
	whole.git("submodule", "--quiet", "add", "../hello", "sub")
	sub := repository{t, filepath.Join(whole.dir, "sub")}
	for _, seen := range []repository{whole, sub} { // from above, and by itself
		seen.changes(true, "a commit in a submodule", func() { sub.git("commit", "-q", "--allow-empty", "-m", "third") })
		seen.changes(false, "git gc in a submodule", func() { sub.git("gc", "-q") })
	}
	sub.renewed(filepath.Join(whole.dir, ".git/modules/sub"))
}

// TestDigestOfOthersHistory: what other programs keep of a source's history is a file as any other.
func TestDigestOfOthersHistory(t *testing.T) {
	for _, name := range []string{".svn/wc.db", ".hg/dirstate", ".hg/store/00changelog.i", "objects/a.c", "logs/b.c"} {
		r := repository{t, t.TempDir()}
		r.write("HEAD", "not git's\n")
		if err := os.MkdirAll(filepath.Join(r.dir, filepath.Dir(name)), 0o755); err != nil {
			t.Fatal(err)
		}
		r.changes(true, name, func() { r.write(name, "x") })
	}
}

// TestIndexEntries: an index that is not what it seems is taken as it is.
func TestIndexEntries(t *testing.T) {
	r := newRepository(t, filepath.Join(t.TempDir(), "hello"))
	r.write("later.c", "")
	r.git("add", "-N", "later.c") // which needs version 3
	index, err := os.ReadFile(filepath.Join(r.dir, ".git/index"))
	if err != nil {
		t.Fatal(err)
	}
	all, ok := indexEntries(index)
	if !ok || !bytes.Contains(all, []byte("Makefile\x00")) {
		t.Errorf("entries %q, %v", all, ok)
	}
	for n := range index {
		sum := sha1.Sum(index[:n])
		if entries, ok := indexEntries(slices.Concat(index[:n], sum[:])); ok && !bytes.Equal(entries, all) {
			t.Errorf("%d of %d bytes are an index of %q", n, len(index), entries)
		}
	}
	for _, other := range [][]string{{"--split-index"}, {"--no-split-index", "--index-version", "4"}} {
		r.git(append([]string{"update-index"}, other...)...)
		if index, err = os.ReadFile(filepath.Join(r.dir, ".git/index")); err != nil {
			t.Fatal(err)
		}
		if entries, ok := indexEntries(index); ok {
			t.Errorf("%v: entries %q", other, entries)
		}
		r.changes(true, "a flag", func() { r.git("update-index", "--assume-unchanged", "Makefile") })
		r.git("update-index", "--no-assume-unchanged", "Makefile")
	}
}
