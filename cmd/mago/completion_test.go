package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// hostileNames mean something to a shell that expands them, splits them or puts them on its command line.
var hostileNames = []string{
	"$({touch,ran})-dkms", "$(touch${IFS}ran)", "`touch${IFS}ran`", "x;touch${IFS}ran", "'x", `"x`, `x\y`, "*", "x[a-z]", "~root", "x&y", "!x", "x{a,b}", "<x", "#x", "é$(touch${IFS}ran)", "x\x1b[2J",
}

// shellWorld is a directory with the completion and a mago that lists hostile names and two good ones.
func shellWorld(t *testing.T) (dir string) {
	t.Helper()
	if _, err := exec.LookPath("bash"); err != nil {
		t.Skip("needs bash: ", err)
	}
	dir = t.TempDir()
	known := strings.Join(hostileNames, "\n") + "\nhello\nhello-dkms\nhelp-me\nhelp-me-source\n"
	var script strings.Builder
	if err := writeCompletion(&script); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"known": known, "built": "hello\n$(touch ran)\n", "kept": "hello\nopened\n", "here": "hello\nthere\n", "place/known": "elsewhere\n", "x.tar.xz": "", "x.txt": "",
		"mago": "#!/bin/sh\n[ \"$1\" = -u ] && cd \"$2\" && shift 2\n[ \"$1\" = completion ] && cat \"$2\"\n", "completion": script.String(),
		"rc": "PATH=" + dir + ":/usr/bin:/bin; PS1='> '; unset PROMPT_COMMAND; bind 'set bell-style none'; cd " + dir + "; source ./completion\n",
	} {
		if err := os.MkdirAll(filepath.Join(dir, filepath.Dir(name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// complete is what the completion offers for words, the last of which is under the cursor.
func complete(t *testing.T, dir string, words ...string) []string {
	t.Helper()
	const call = `PATH=$0:/usr/bin:/bin; cd "$0"; source ./completion; COMP_WORDS=("$@"); COMP_CWORD=$#-1; _mago; printf '%s\n' "${COMPREPLY[@]}"`
	out, err := exec.Command("bash", append([]string{"--norc", "-c", call, dir}, words...)...).CombinedOutput()
	if err != nil {
		t.Fatalf("%q: %v: %s", words, err, out)
	}
	return strings.Fields(string(out))
}

// Called as bash calls it, the completion offers names that stand for themselves, and nothing is run.
func TestCompletionOffersWordsOnly(t *testing.T) {
	dir := shellWorld(t)
	for cur, want := range map[string][]string{
		"":  {"all", "alli", "allu", "hello", "hello-dkms", "help-me", "help-me-source"},
		"h": {"hello", "hello-dkms", "help-me", "help-me-source"}, "$(": nil, "*": nil, "x": nil, "hel*": nil, "[a-z]": nil, "$(touch ran),h": nil,
	} {
		if got := complete(t, dir, "mago", "show", cur); !slices.Equal(got, want) {
			t.Errorf("%q: got %q, want %q", cur, got, want)
		}
	}
	complete(t, dir, "mago", "-u", "$(touch ran)", "show", "")
	if _, err := os.Stat(filepath.Join(dir, "ran")); err == nil {
		t.Error("a name was run")
	}
}

// Each command is completed with what it takes.
func TestCompletion(t *testing.T) {
	dir := shellWorld(t)
	for line, want := range map[string]string{
		"mago au":                           "auto-install auto-build",
		"mago clean,get,bu":                 "clean,get,build",
		"mago get,":                         "-",
		"mago get,ge":                       "",
		"mago build hello,help-me-":         "hello,help-me-source",
		"mago build hello,hell":             "hello,hello-dkms",
		"mago clean,get hel":                "hello hello-dkms help-me help-me-source",
		"mago update ''":                    "",
		"mago version ''":                   "",
		"mago list-installed ''":            "",
		"mago search ''":                    "",
		"mago install ''":                   "all alli hello",
		"mago clean ''":                     "all hello opened",
		"mago purge ''":                     "hello opened",
		"mago status ''":                    "alli hello there",
		"mago help opt":                     "options",
		"mago key ''":                       "status new import rotate revoke export",
		"mago key r":                        "rotate revoke",
		"mago key import x.tx":              "x.txt",
		"mago key rotate ''":                "",
		"mago key new --algorithm rsa":      "rsa3072 rsa4096",
		"mago key new --root-key x.tx":      "x.txt",
		"mago key new --un":                 "--unattended --unpack-once",
		"mago help auto-i":                  "auto-install",
		"mago -u place show els":            "elsewhere",
		"mago -u nowhere show els":          "",
		"mago -u place install ''":          "",
		"mago list --js":                    "--json",
		"mago search --js":                  "--json",
		"mago status --js":                  "--json",
		"mago build --js":                   "--json",
		"mago update --a":                   "--apt",
		"mago update --k":                   "",
		"mago build --kver":                 "--kvers-list",
		"mago build --al":                   "",
		"mago --al":                         "",
		"mago build --un":                   "--unpack-once",
		"mago --sandbox u":                  "",
		"mago build --sandbox = ''":         "auto bubblewrap namespaces",
		"mago --limit me":                   "memory=",
		"mago --limit memory = 8":           "",
		"mago -l ru":                        "running",
		"mago build -l running,al":          "running,all",
		"mago -l running,inst build":        "build",
		"mago build -k pl":                  "place",
		"mago --dest pl":                    "place",
		"mago --root pl":                    "place",
		"mago -u pl":                        "place",
		"mago build ./p":                    "./place",
		"mago build ./x":                    "./x.tar.xz",
		"mago list ./x":                     "",
		"mago -S su":                        "sudo",
		"mago --wait = 10m pur":             "purge",
		"mago --allow-file x li":            "list list-available list-installed li",
		"mago build -fl running --allow":    "",
		"mago build --allow-unauthenticate": "",
	} {
		words := strings.Fields(line)
		for i := range words {
			words[i] = strings.Trim(words[i], "'")
		}
		got := strings.Join(complete(t, dir, words...), " ")
		if want == "-" && strings.Contains(got, "get,build") {
			continue
		}
		if got != want {
			t.Errorf("%s: got %q, want %q", line, got, want)
		}
	}
}

// The completion never leads to an option that takes a check away, whatever has been typed of it.
func TestCompletionLeadsToNothingWeak(t *testing.T) {
	var script strings.Builder
	if err := writeCompletion(&script); err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(script.String()) {
		for _, name := range append(weakNames, "user ") {
			if strings.Contains(line, "_mago_offer") && strings.Contains(line, " --"+name) || strings.Contains(line, "_mago_offer auto") && strings.Contains(line, " "+name) {
				t.Errorf("--%s is offered: %s", name, line)
			}
		}
	}
}

// Pressed in a terminal, TAB runs nothing either.
func TestTabRunsNothing(t *testing.T) {
	dir := shellWorld(t)
	keyboard, terminal, err := openTerminal()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { keyboard.Close() })
	cmd := exec.Command("bash", "--noprofile", "--rcfile", filepath.Join(dir, "rc"), "-i")
	cmd.Stdin, cmd.Stdout, cmd.Stderr = terminal, terminal, terminal
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	cmd.Env = []string{"TERM=dumb", "HOME=" + dir, "INPUTRC=/dev/null"}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	terminal.Close()
	defer func() { _ = cmd.Process.Kill(); _ = cmd.Wait() }()
	said := &strings.Builder{}
	await(t, keyboard, said, "> ")
	fmt.Fprint(keyboard, "mago show \t\t")
	await(t, keyboard, said, "help-me-source")
	fmt.Fprint(keyboard, "hello-\t")
	await(t, keyboard, said, "hello-dkms ")
	if strings.Contains(said.String(), "touch") {
		t.Errorf("offered: %q", said)
	}
	if _, err := os.Stat(filepath.Join(dir, "ran")); err == nil {
		t.Error("TAB ran a name")
	}
}

// await reads what a terminal shows until that has been shown anew.
func await(t *testing.T, terminal *os.File, said *strings.Builder, want string) {
	t.Helper()
	from, buf := said.Len(), make([]byte, 4096)
	deadline := time.AfterFunc(time.Minute, func() { terminal.Close() })
	defer deadline.Stop()
	for !strings.Contains(said.String()[from:], want) {
		n, err := terminal.Read(buf)
		said.Write(buf[:n])
		if err != nil {
			t.Fatalf("%q is not shown: %v; shown: %q", want, err, said)
		}
	}
}
