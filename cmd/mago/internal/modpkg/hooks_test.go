package modpkg

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"mago/kbuild"
	"mago/kbuild/recipe"
)

// hook writes what it is run with to the file that $OUT names, and ends as $STATUS says.
const hook = "echo \"$1|$2|$kernelver\" >>\"$OUT\"\npwd >>\"$OUT\"\nexit \"$STATUS\"" // without a last newline

// runScript runs one maintainer script as dpkg does; it gives what the hook wrote, and the script's own status.
func runScript(t *testing.T, text, name, action, status string) (wrote string, code int) {
	t.Helper()
	dir := t.TempDir()
	out, tmp := filepath.Join(dir, "out"), filepath.Join(dir, "tmp")
	if err := os.Mkdir(tmp, 0o755); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("sh", "-c", text, name, action)
	cmd.Env = []string{"PATH=/usr/bin:/bin", "OUT=" + out, "STATUS=" + status, "TMPDIR=" + tmp}
	cmd.Stderr = t.Output()
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	if left, err := os.ReadDir(tmp); err != nil || len(left) > 0 {
		t.Errorf("%s %s left %v, %v", name, action, left, err)
	}
	content, _ := os.ReadFile(out) // none is written where nothing ran
	return strings.ReplaceAll(string(content), tmp, "TMP"), cmd.ProcessState.ExitCode()
}

func mustScript(t *testing.T, u Unit, hooks ...recipe.Hook) map[string]string {
	t.Helper()
	scripts, err := u.scripts(&kbuild.Result{Hooks: hooks, Modules: []kbuild.Module{{Path: "zfs.ko"}, {Path: "zfs-lua.ko.xz"}}})
	if err != nil {
		t.Fatal(err)
	}
	return scripts
}

// TestHookFindsItsFiles runs one from a directory of the source, which calls a program beside it and reads what is no text.
func TestHookFindsItsFiles(t *testing.T) {
	h := recipe.Hook{When: "POST_INSTALL", Path: "-x/it's/run", Args: []string{"a b"}, Files: []recipe.HookFile{
		{Path: "-x/it's/tool", Mode: 0o755, Content: []byte("#!/bin/sh\ncat fw/*.bin | tr -d '\\000' >>\"$OUT\"\n")},
		{Path: "fw/" + strings.Repeat("long", 40) + ".bin", Mode: 0o644, Content: []byte(strings.Repeat("\x00FW", 100))},
	}}
	h.Script = []byte("#!/bin/sh\necho \"$1\" >\"$OUT\"\n\"${0%/*}/tool\"\npwd >>\"$OUT\"\n")
	u := zfs()
	u.Kernel.ModulesDir = t.TempDir()
	script := mustScript(t, u, h)["postinst"]
	checkShell(t, "postinst", script)
	if again := mustScript(t, u, h)["postinst"]; again != script {
		t.Error("two packages of the same are not the same")
	}
	got, code := runScript(t, script, "postinst", "configure", "0")
	if want := "a b\n" + strings.Repeat("FW", 100) + "TMP/"; !strings.HasPrefix(got, want) || code != 0 {
		t.Errorf("wrote %q, exit status %d", got, code)
	}
}

func TestHookScriptsRun(t *testing.T) {
	env := []string{"kernelver=6.12.9-amd64"}
	args := []string{"it's", "$HOME `x`"}
	const wrote = "it's|$HOME `x`|6.12.9-amd64\nTMP/"
	u := zfs()
	u.Kernel.ModulesDir = t.TempDir()
	for _, start := range []string{"#!/bin/sh\n", "#!/bin/bash\nEND_OF_PRE_INSTALL=1\n: <<END_OF_POST_REMOVE\nEND_OF_POST_REMOVE\n", "[[ x == x ]] || exit 9\n",
		"#! /bin/bash -eu\nset +e; false; [[ $- == *u* ]] || exit 9\n", "#!/usr/bin/env -S bash -u\n[[ $- == *u* ]] || exit 9\n", "[ ! -x \"$0\" ] || exit 9 # as below noexec\n"} {
		var hooks []recipe.Hook
		for _, when := range []string{"PRE_INSTALL", "POST_INSTALL", "POST_REMOVE"} {
			hooks = append(hooks, recipe.Hook{When: when, Path: "script", Script: []byte(start + hook), Args: args, Env: env})
		}
		scripts := mustScript(t, u, hooks...)
		for _, c := range []struct {
			name, action, status string
			ran                  bool
			code                 int
		}{
			{"preinst", "install", "0", true, 0}, {"preinst", "upgrade", "0", true, 0}, {"preinst", "abort-upgrade", "0", false, 0}, {"preinst", "install", "3", true, 1},
			{"postinst", "configure", "0", true, 0}, {"postinst", "configure", "3", true, 0}, {"postinst", "abort-upgrade", "0", false, 0},
			{"postrm", "remove", "0", true, 0}, {"postrm", "remove", "3", true, 0}, {"postrm", "upgrade", "0", false, 0}, {"postrm", "purge", "0", false, 0},
		} {
			checkShell(t, c.name, scripts[c.name])
			got, code := runScript(t, scripts[c.name], c.name, c.action, c.status)
			if strings.HasPrefix(got, wrote) != c.ran || code != c.code {
				t.Errorf("%s %s with status %s: wrote %q, exit status %d", c.name, c.action, c.status, got, code)
			}
		}
	}
}
