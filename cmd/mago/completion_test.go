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
	list := "MODULE  SOURCE PACKAGE  VERSION\nhello  hello-dkms  1\n"
	for _, name := range hostileNames {
		list += name + "  " + name + "  1\n"
	}
	list += "help-me  help-me-source  1\n"
	var script strings.Builder
	if err := writeCompletion(&script); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"list": list, "mago": "#!/bin/sh\ncat " + dir + "/list\n", "completion": script.String(),
		"rc": "PATH=" + dir + ":/usr/bin:/bin; PS1='> '; unset PROMPT_COMMAND; bind 'set bell-style none'; cd " + dir + "; source ./completion\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// Called as bash calls it, the completion offers names that stand for themselves, and nothing is run.
func TestCompletionOffersWordsOnly(t *testing.T) {
	dir := shellWorld(t)
	for cur, want := range map[string][]string{
		"":  {"all", "alli", "allu", "hello", "hello-dkms", "help-me", "help-me-source"},
		"h": {"hello", "hello-dkms", "help-me", "help-me-source"}, "$(": nil, "*": nil, "x": nil, "hel*": nil, "[a-z]": nil,
	} {
		cmd := exec.Command("bash", "--norc", "-c", `PATH=$0:/usr/bin:/bin; cd "$0"; source ./completion; COMP_WORDS=(mago show "$1"); COMP_CWORD=2; _mago; printf '%s\n' "${COMPREPLY[@]}"`, dir, cur)
		out, err := cmd.CombinedOutput()
		if got := strings.Fields(string(out)); err != nil || !slices.Equal(got, want) {
			t.Errorf("%q: got %q, %v, want %q", cur, got, err, want)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "ran")); err == nil {
		t.Error("a name was run")
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
