package catalog

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"mago/debpkg/rooted"
	"mago/debpkg/word"
)

// epoch is when the tests' indexes are built.
var epoch = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// root is a directory that stands for a machine's /, with the lists of testdata in it, and the programs of apt and dpkg
// that run there.
type root struct {
	t      testing.TB
	dir    string
	policy map[string]string // candidates that are not the newest by list order; a missing key means any version listed
	ran    [][]string
	fail   string // the program that fails
}

func newRoot(t testing.TB) *root {
	t.Helper()
	r := &root{t: t, dir: t.TempDir(), policy: map[string]string{}}
	if err := os.CopyFS(filepath.Join(r.dir, listsDir), os.DirFS("testdata/lists")); err != nil {
		t.Fatal(err)
	}
	r.write("/etc/apt/sources.list", "deb http://mirror/debian bookworm main contrib non-free\n")
	return r
}

func (r *root) config() Config {
	return Config{Root: rooted.Root(r.dir), Dir: r.path("/var/cache/mago"), Run: r.run, Now: func() time.Time { return epoch }}
}

func (r *root) path(host string) string { return filepath.Join(r.dir, host) }

func (r *root) write(host, text string) {
	r.t.Helper()
	if err := os.MkdirAll(filepath.Dir(r.path(host)), 0o755); err != nil {
		r.t.Fatal(err)
	}
	if err := os.WriteFile(r.path(host), []byte(text), 0o644); err != nil {
		r.t.Fatal(err)
	}
}

func (r *root) remove(host string) {
	r.t.Helper()
	if err := os.RemoveAll(r.path(host)); err != nil {
		r.t.Fatal(err)
	}
}

var amd64 = word.Must(word.ParseArchitecture("amd64"))

func named(text string) word.Package     { return word.Must(word.ParsePackage(text)) }
func versioned(text string) word.Version { return word.Must(word.ParseVersion(text)) }

// run answers as dpkg --print-architecture and apt-cache policy do.
func (r *root) run(cmd *exec.Cmd) error {
	r.ran = append(r.ran, cmd.Args)
	if !slices.Contains(cmd.Env, "LC_ALL=C") {
		r.t.Errorf("%q runs in the user's locale", cmd.Args)
	}
	switch {
	case cmd.Args[0] == r.fail:
		fmt.Fprintf(cmd.Stderr, "E: %s is out of order\nE: more\n", r.fail)
		return errors.New("exit status 100")
	case slices.Equal(cmd.Args, []string{"dpkg", "--print-architecture"}):
		fmt.Fprintln(cmd.Stdout, "amd64")
		return nil
	case slices.Equal(cmd.Args[:2], []string{"apt-cache", "policy"}):
		return r.answerPolicy(cmd)
	}
	return fmt.Errorf("unexpected command %q", cmd.Args)
}

// answerPolicy takes the first version listed in the selected lists for the candidate, unless r.policy says otherwise.
func (r *root) answerPolicy(cmd *exec.Cmd) error {
	host, _ := strings.CutPrefix(cmd.Args[3], "Dir::State::lists=")
	versions := map[string]string{}
	files, _ := filepath.Glob(filepath.Join(r.path(host), "*_Packages"))
	for _, file := range append(files, r.path(statusFile)) {
		text, err := os.ReadFile(file)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		for paragraph := range strings.SplitSeq(string(text), "\n\n") {
			if name := field(paragraph, "Package"); name != "" && versions[name] == "" {
				versions[name] = field(paragraph, "Version")
			}
		}
	}
	for _, name := range cmd.Args[slices.Index(cmd.Args, "--")+1:] {
		version, ok := r.policy[name]
		if !ok {
			version = versions[name]
		}
		if version != "" {
			fmt.Fprintf(cmd.Stdout, "%s:\n  Installed: (none)\n  Candidate: %s\n  Version table:\n", name, version)
		}
	}
	return nil
}

func field(paragraph, name string) string {
	for line := range strings.Lines(paragraph) {
		if value, ok := strings.CutPrefix(line, name+": "); ok {
			return strings.TrimSpace(value)
		}
	}
	return ""
}
