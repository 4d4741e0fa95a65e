package recipe

import (
	"os/exec"
	"slices"
	"testing"

	"mago/kbuild/kernel"
)

func TestCallsMake(t *testing.T) {
	for command, want := range map[string]bool{
		"make all": true, "'make' -j4": true, "cd src && make": true, "(make;make install)": true, "A=1 make": true,
		"./build.sh": false, "cmake .": false, "make-it": false, "/usr/bin/make": false, "": false,
	} {
		if callsMake().MatchString(command) != want {
			t.Errorf("%q calls make: %v, want %v", command, !want, want)
		}
	}
}

func TestShellQuoted(t *testing.T) {
	words := []string{"V=1", "", "a b", `it's $HOME "x" \`, "*"}
	out, err := exec.Command("bash", "-c", "for w in "+shellQuoted(words)+"; do printf '%s\n' \"$w\"; done").Output()
	if want := "V=1\n\na b\nit's $HOME \"x\" \\\n*\n"; string(out) != want || err != nil {
		t.Errorf("bash has %q, %v; want %q", out, err, want)
	}
}

// TestRulesGetArguments: make has them last, behind the target of a debian/rules.
func TestRulesGetArguments(t *testing.T) {
	w := &Workspace{Job: Job{Kernel: kernel.Kernel{Release: "6.1"}, MakeArguments: []string{"V=1", "A=b c"}}}
	args := rulesCommand(w)
	if tail := args[len(args)-3:]; !slices.Equal(tail, []string{"kdist_image", "V=1", "A=b c"}) {
		t.Errorf("the command ends with %q", tail)
	}
}

// TestKeyOfVariables: a kept evaluation is one with the same variables.
func TestKeyOfVariables(t *testing.T) {
	dir := tree{"dkms.conf": "PACKAGE_NAME=hello\n"}.write(t, t.TempDir())
	job := Job{Source: Source{Dir: dir}, Kernel: kernel.Kernel{Release: "6.1"}}
	plain, err := Key(t.TempDir(), job)
	if err != nil {
		t.Fatal(err)
	}
	job.Variables = []string{"A=1"}
	if other, err := Key(t.TempDir(), job); err != nil || other == plain {
		t.Errorf("the key is %s, %v", other, err)
	}
}
