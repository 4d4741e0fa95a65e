package apt

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"mago/debpkg"
)

// testPackage is a package without files, with some of its fields set otherwise: a name, a value, and so on.
func testPackage(set ...string) *debpkg.Package {
	p := &debpkg.Package{Control: []debpkg.Field{
		{Name: "Package", Value: "example-modules-6.1.0-9-amd64"},
		{Name: "Version", Value: "1:2.0-3+6.1.55-1"},
		{Name: "Architecture", Value: "amd64"},
		{Name: "Maintainer", Value: "Jörg Example <joerg@example.org>"},
		{Name: "Provides", Value: "example-modules (= 1:2.0-3), example-api"},
		{Name: "Description", Value: "example module"},
	}}
	for i := 0; i < len(set); i += 2 {
		p.Control = withField(p.Control, set[i], set[i+1])
	}
	return p
}

// withField sets a field that is there, and adds any other.
func withField(fields []debpkg.Field, name, value string) []debpkg.Field {
	for i := range fields {
		if fields[i].Name == name {
			fields[i].Value = value
			return fields
		}
	}
	return append(fields, debpkg.Field{Name: name, Value: value})
}

func mustWrite(t testing.TB, dir string, p *debpkg.Package) string {
	t.Helper()
	path, err := debpkg.Write(dir, p, debpkg.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return path
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

func emptyDpkgRoot(t *testing.T) string {
	t.Helper()
	root := testRoot(t, "")
	for _, dir := range []string{"updates", "info", "triggers"} {
		if err := os.MkdirAll(filepath.Join(root, "var/lib/dpkg", dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

// dpkgInto runs dpkg on root from outside, since an empty root has no dpkg to enter.
func dpkgInto(root string) func(*exec.Cmd) error {
	return func(cmd *exec.Cmd) error {
		options := []string{"--root=" + root, "--log=/dev/null", "--force-script-chrootless"}
		args := append(append([]string{"dpkg"}, options...), cmd.Args[1:]...)
		for i, arg := range args {
			if strings.HasSuffix(arg, ".deb") {
				args[i] = root + arg
			}
		}
		cmd.Args = args
		return cmd.Run()
	}
}
