package catalog

import (
	"errors"
	"fmt"
	"os/exec"
	"reflect"
	"strings"
	"testing"

	"mago/debpkg/word"
)

func TestDependencies(t *testing.T) {
	packages := []word.Package{word.Must(word.ParsePackage("linux-image-amd64")), word.Must(word.ParsePackage("make"))}
	run := func(cmd *exec.Cmd) error {
		if got := strings.Join(cmd.Args, " "); got != "apt-cache show --no-all-versions -o APT::Cmd::Pattern-Only=true -- linux-image-amd64 make" {
			return fmt.Errorf("unexpected %s", got)
		}
		_, err := fmt.Fprint(cmd.Stdout, "Package: linux-image-amd64\nVersion: 6.1.192-2\nDepends: linux-image-6.1.0-56-amd64 (= 6.1.192-2)\nDescription: x\n y\n\nPackage: make\nVersion: 4.3\n")
		return err
	}
	got, err := Dependencies(t.Context(), Config{Run: run}, packages...)
	if want := map[string]string{"linux-image-amd64": "linux-image-6.1.0-56-amd64 (= 6.1.192-2)", "make": ""}; err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %q, %v", got, err)
	}
	if got, err := Dependencies(t.Context(), Config{Run: func(*exec.Cmd) error { return errors.New("it runs") }}); err != nil || len(got) != 0 {
		t.Errorf("of no package: %q, %v", got, err)
	}
}
