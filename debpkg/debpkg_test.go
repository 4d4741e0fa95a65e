package debpkg

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// testPackage is a package without files.
func testPackage() *Package {
	return &Package{
		Control: []Field{
			{"Package", "example-modules-6.1.0-9-amd64"},
			{"Source", "example"},
			{"Version", "1:2.0-3+6.1.55-1"},
			{"Architecture", "amd64"},
			{"Maintainer", "Jörg Example <joerg@example.org>"},
			{"Section", "kernel"},
			{"Depends", ""},
			{"Recommends", "linux-image-6.1.0-9-amd64"},
			{"Provides", "example-modules (= 1:2.0-3), example-api"},
			{"Description", "example module for Linux 6.1.0-9-amd64\nThis package holds one module.\n\n  modprobe example\n\nBuilt on purpose."},
		},
		ModTime: time.Date(2024, 2, 29, 12, 0, 0, 123, time.UTC),
	}
}

// needs skips a test where a program is missing.
func needs(tb testing.TB, programs ...string) {
	tb.Helper()
	for _, program := range programs {
		if _, err := exec.LookPath(program); err != nil {
			tb.Skipf("program %s is missing", program)
		}
	}
}

func writeFile(tb testing.TB, path, content string) {
	tb.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		tb.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		tb.Fatal(err)
	}
}

// output runs a program of the system and gives what it says.
func output(t *testing.T, name string, args ...string) string {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Env = append(cmd.Environ(), "LC_ALL=C.UTF-8")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s %q: %v: %s", name, args, err, out)
	}
	return string(out)
}
