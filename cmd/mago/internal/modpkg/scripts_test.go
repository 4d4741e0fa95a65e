package modpkg

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// The golden files have the scripts of modules that are marked for early boot, and of others.
func TestScripts(t *testing.T) {
	for _, early := range []bool{false, true} {
		u := zfs()
		u.Early = early
		scripts := mustScript(t, u)
		if len(scripts) != 2 {
			t.Errorf("%d scripts", len(scripts))
		}
		for name, text := range scripts {
			golden := filepath.Join("testdata", name)
			if early {
				golden += "-early"
			}
			checkGolden(t, golden, text)
			checkShell(t, name, text)
		}
	}
}

// checkShell has the shell read a script, and shellcheck too where it is installed.
func checkShell(t *testing.T, name, text string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o755); err != nil {
		t.Fatal(err)
	}
	checks := [][]string{{"sh", "-n", path}}
	if _, err := exec.LookPath("shellcheck"); err == nil {
		checks = append(checks, []string{"shellcheck", path})
	}
	for _, check := range checks {
		if out, err := exec.Command(check[0], check[1:]...).CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", check[0], err, out)
		}
	}
}

// A script runs depmod when the package comes or goes, and only where there is a kernel to run it for: the system's own,
// whatever is called so in the caller's PATH.
func TestScriptsRun(t *testing.T) {
	u := zfs()
	u.Kernel.ModulesDir = t.TempDir()
	bin, other := t.TempDir(), t.TempDir()
	for dir, says := range map[string]string{bin: "depmod", other: "another depmod"} {
		if err := os.WriteFile(filepath.Join(dir, "depmod"), []byte("#!/bin/sh\necho "+says+" \"$@\"\n"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	run := func(name, action string) string {
		cmd := exec.Command("sh", "-c", strings.ReplaceAll(mustScript(t, u)[name], "/sbin/depmod", filepath.Join(bin, "depmod")), name, action)
		cmd.Env = []string{"PATH=" + other + ":/usr/bin:/bin"}
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Errorf("%s %s: %v", name, action, err)
		}
		return strings.TrimSpace(string(out))
	}
	if got := run("postinst", "configure"); got != "" {
		t.Errorf("without the kernel: %s", got)
	}
	if err := os.WriteFile(filepath.Join(u.Kernel.ModulesDir, "modules.builtin"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, action, want string }{
		{"postinst", "configure", "depmod 6.12.9-amd64"}, {"postinst", "triggered", ""}, {"postinst", "abort-upgrade", ""},
		{"postrm", "remove", "depmod 6.12.9-amd64"}, {"postrm", "upgrade", ""}, {"postrm", "purge", ""},
	} {
		if got := run(c.name, c.action); got != c.want {
			t.Errorf("%s %s: %q, want %q", c.name, c.action, got, c.want)
		}
	}
}
