package sandbox

import (
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"testing"
)

// TestByRootEnters: the parents of what bubblewrap shows are root's alone where it makes them by itself, and a build's
// directory may be the user's alone.
func TestByRootEnters(t *testing.T) {
	r := newSandbox(t, Bubblewrap)
	if !r.Drop {
		t.Skip("mago is not root")
	}
	r.ByRoot = true
	work, headers := workdir(t, r), filepath.Join(workdir(t, Sandbox{}), "tree")
	err := errors.Join(os.Mkdir(headers, 0o755), os.Mkdir(filepath.Join(work, "sub"), 0o755), os.Chmod(work, 0o700), r.Own(work))
	if err != nil {
		t.Fatal(err)
	}
	spec := Spec{Work: work, Dir: "sub", Mounts: []Mount{held(t, headers), {Host: filepath.Join(work, "sub"), Path: "/usr/src/a/b/c", Writable: true}}}
	mustSh(t, r, spec, "set -e; ls "+headers+" /var/lib/dpkg; echo x >"+WorkDir+"/sub/file; cat /usr/src/a/b/c/file")
	if err := r.probe(t.Context(), testTrial(t, r), nil); err != nil {
		t.Error(err)
	}
}

// TestProbe takes from the user, one at a time, what builds do in their directory.
func TestProbe(t *testing.T) {
	everyKind(t, func(t *testing.T, r Sandbox) {
		if !r.Drop {
			t.Skip("who owns the directory can do all of it")
		}
		for want, spoil := range map[string]func(dir string) error{
			"cannot open":            func(dir string) error { return errors.Join(os.Chown(filepath.Join(dir, "given"), 0, 0)) },
			"mkdir|create directory": func(dir string) error { return errors.Join(os.Chown(dir, 0, 0), os.Chmod(dir, 0o755)) },
			"ermission denied":       func(dir string) error { return os.Chmod(filepath.Join(dir, probeName), 0o600) },
		} {
			try := testTrial(t, r)
			if err := spoil(try.dir); err != nil {
				t.Fatal(err)
			}
			if err := r.probe(t.Context(), try, nil); err == nil || !regexp.MustCompile(want).MatchString(err.Error()) {
				t.Errorf("got %v, want %s", err, want)
			}
		}
		try := testTrial(t, r)
		if err := os.Chmod(try.top, 0o700); err != nil {
			t.Fatal(err)
		}
		var reach *ReachError
		if err := r.probe(t.Context(), try, nil); !errors.As(err, &reach) || reach.Closed != try.top {
			t.Errorf("below a directory that is root's alone: got %v", err)
		}
	})
}

// TestTrials: what a killed process has left of a trial goes with the next, and what belongs to a living one stays.
func TestTrials(t *testing.T) {
	work := workdir(t, Sandbox{})
	left := filepath.Join(work, trialPrefix+"left")
	if err := os.Mkdir(left, 0o700); err != nil {
		t.Fatal(err)
	}
	first, err := newTrial(work, Sandbox{})
	if err != nil {
		t.Fatal(err)
	}
	second, err := newTrial(work, Sandbox{})
	if err != nil {
		t.Fatal(err)
	}
	if entries, _ := os.ReadDir(work); len(entries) != 2 {
		t.Errorf("there are %v", entries)
	}
	first.remove()
	second.remove()
	if entries, _ := os.ReadDir(work); len(entries) != 0 {
		t.Errorf("left are %v", entries)
	}
}
