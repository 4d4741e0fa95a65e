package sandbox

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestShownIsTheSame: a directory is shown while it is the one that was judged, and nothing that has taken its place.
func TestShownIsTheSame(t *testing.T) {
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
		spec := Spec{Work: work, Shown: []Shown{shownDir(t, dir)}}
		if out := mustSh(t, r, spec, "cat "+dir+"/file"); out != "theirs" {
			t.Errorf("got %q", out)
		}
		if err := errors.Join(os.Rename(dir, dir+".old"), os.Symlink("/", dir)); err != nil {
			t.Fatal(err)
		}
		if out, err := sh(t, r, spec, "echo ran; ls "+dir); err == nil || !strings.Contains(out, dir+" is another directory now") || strings.Contains(out, "ran") {
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

func TestIsSystem(t *testing.T) {
	for path, want := range map[string]bool{"/usr": true, "/usr/src/x": true, "/lib/modules/x/build": true, "/usrx": false, "/": false, "/var": false, "/home/me": false} {
		if IsSystem(path) != want {
			t.Errorf("%s: got %v", path, !want)
		}
	}
}
