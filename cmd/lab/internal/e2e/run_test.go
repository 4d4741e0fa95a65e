//go:build e2e

package e2e

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// top is that of the source tree.
const top = "../../../.."

// output is what a program has printed, stderr included.
type output string

// has expects texts in the output.
func (o output) has(t *testing.T, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if !strings.Contains(string(o), text) {
			t.Errorf("no %q in:\n%s", text, o)
		}
	}
}

func (o output) lacks(t *testing.T, text string) {
	t.Helper()
	if strings.Contains(string(o), text) {
		t.Errorf("there is %q in:\n%s", text, o)
	}
}

func (o output) matches(t *testing.T, pattern string) {
	t.Helper()
	if !regexp.MustCompile(pattern).MatchString(string(o)) {
		t.Errorf("nothing matches %s in:\n%s", pattern, o)
	}
}

// run runs a program that has to succeed, and logs it as a terminal would have shown it.
func run(t *testing.T, cmd *exec.Cmd) output {
	t.Helper()
	return exits(t, 0, cmd)
}

// exits runs a program that has to end with that code.
func exits(t *testing.T, code int, cmd *exec.Cmd) output {
	t.Helper()
	out, err := cmd.CombinedOutput()
	t.Logf("$ %s\n%s", shown(cmd), out)
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	if got := cmd.ProcessState.ExitCode(); got != code {
		t.Fatalf("exit code %d, want %d", got, code)
	}
	return output(out)
}

// shown is a command without the words that enter a system.
func shown(cmd *exec.Cmd) string {
	args := cmd.Args
	if filepath.Base(args[0]) == "bwrap" {
		for i, arg := range args {
			if arg == "--" {
				args = args[i+1:]
				break
			}
		}
	}
	return strings.Join(args, " ")
}

// run runs a program on the system.
func (s *story) run(t *testing.T, args ...string) output {
	t.Helper()
	return run(t, s.Command(t.Context(), args...))
}

func (s *story) mago(t *testing.T, args ...string) output {
	t.Helper()
	return s.run(t, append([]string{"mago"}, args...)...)
}

// quietly runs a program whose output is for the test alone.
func (s *story) quietly(t *testing.T, args ...string) string {
	t.Helper()
	out, err := s.Command(t.Context(), args...).Output()
	if err != nil {
		t.Fatalf("%q: %v", args, err)
	}
	return string(out)
}

func decode(t *testing.T, text string, v any) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), v); err != nil {
		t.Fatalf("%v in:\n%s", err, text)
	}
}

func (s *story) read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(s.Path(path))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func (s *story) write(t *testing.T, path, text string, mode fs.FileMode) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(s.Path(path)), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(s.Path(path), []byte(text), mode); err != nil {
		t.Fatal(err)
	}
}

func (s *story) packageName(module string) string { return module + "-modules-" + s.kernel }

func (s *story) version(t *testing.T, module string) string {
	t.Helper()
	return s.quietly(t, "dpkg-query", "--show", "--showformat=${Version}", s.packageName(module))
}

func (s *story) libModules() string { return "/lib/modules/" + s.kernel }

// modulesDir lists all that is in the kernel's directory of modules.
func (s *story) modulesDir(t *testing.T) string {
	t.Helper()
	var names strings.Builder
	err := fs.WalkDir(os.DirFS(s.Path(s.libModules())), ".", func(name string, _ fs.DirEntry, err error) error {
		fmt.Fprintln(&names, name)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names.String()
}

// hasModule expects depmod to know a file of mago's.
func (s *story) hasModule(t *testing.T, file string) {
	t.Helper()
	output("\n"+s.read(t, s.libModules()+"/modules.dep")).has(t, "\nupdates/mago/"+file)
}
