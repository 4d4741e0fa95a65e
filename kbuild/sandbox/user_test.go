package sandbox

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

// TestOccupant: nobody stands in for a build user that is not there yet, where that is wished, and for no other.
func TestOccupant(t *testing.T) {
	for name, test := range map[string]struct {
		passwd string
		nobody bool
		want   uint32 // 0: a *UserError
	}{
		"the build user":         {"mago-build:x:990:990::/:\nnobody:x:65534:65534::/:\n", true, 990},
		"nobody":                 {"nobody:x:65534:65534::/:\n", true, 65534},
		"nobody, not wished":     {"nobody:x:65534:65534::/:\n", false, 0},
		"neither":                {"", true, 0},
		"a nobody that is root":  {"nobody:x:0:0::/:\n", true, 0},
		"a user that is no user": {"mago-build:x:0:0::/:\nnobody:x:65534:65534::/:\n", true, 65534},
	} {
		t.Run(name, func(t *testing.T) {
			root := t.TempDir()
			if err := errors.Join(os.Mkdir(filepath.Join(root, "etc"), 0o755), os.WriteFile(filepath.Join(root, "etc/passwd"), []byte(test.passwd), 0o644)); err != nil {
				t.Fatal(err)
			}
			box, err := Wish{Root: root, AsRoot: true, Nobody: test.nobody}.occupant()
			if (err == nil) != (test.want != 0) || box.UID != test.want || test.want != 0 && !box.Drop {
				t.Errorf("got %+v, %v", box, err)
			}
		})
	}
}
