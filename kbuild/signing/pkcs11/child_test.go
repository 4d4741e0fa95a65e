package pkcs11_test

import (
	"errors"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"mago/kbuild/signing/pkcs11"
)

// fakeChild is this program in the place of mago-pkcs11, with a key of its own kind of trouble.
func fakeChild(how string) {
	var q pkcs11.Request
	if pkcs11.ReadMessage(os.Stdin, &q) != nil {
		os.Exit(0)
	}
	switch how {
	case "dies":
		os.Exit(3)
	case "babbles":
		os.Stdout.WriteString("\xff\xff\xff\xff")
	case "is no certificate":
		_ = pkcs11.WriteMessage(os.Stdout, pkcs11.Reply{Certificate: []byte("x")})
	}
	_ = pkcs11.ReadMessage(os.Stdin, &q) // as it hangs, too
	os.Exit(0)
}

func fake(t *testing.T, how string) pkcs11.Helper {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return pkcs11.Helper{Programs: []string{self}, Patience: time.Minute, Run: func(cmd *exec.Cmd) error {
		cmd.Env = append(os.Environ(), "FAKE="+how)
		return cmd.Run()
	}}
}

// A child that is not as it should be is an error, and no process is left of it.
func TestChildFails(t *testing.T) {
	for how, want := range map[string]struct {
		kind pkcs11.Kind
		text string
	}{
		"dies":              {pkcs11.Gone, "the token t has gone while mago worked: mago-pkcs11 ended: exit status 3"},
		"hangs":             {pkcs11.Hangs, "the token t has not answered within 200ms"},
		"babbles":           {pkcs11.Gone, "the token t has gone while mago worked: mago-pkcs11 ended: a message of 4294967295 bytes is too long"},
		"is no certificate": {pkcs11.Refused, "its certificate is damaged: "},
	} {
		h := fake(t, how)
		if how == "hangs" {
			h.Patience = 200 * time.Millisecond
		}
		var ended bool
		run := h.Run
		h.Run = func(cmd *exec.Cmd) error { defer func() { ended = true }(); return run(cmd) }
		_, err := h.Open(pkcs11.URI{Wanted: pkcs11.Wanted{Token: "t"}})
		var refused *pkcs11.Error
		if !errors.As(err, &refused) || refused.Kind != want.kind || !strings.Contains(err.Error(), want.text) || !ended {
			t.Errorf("%s: %v, ended: %v", how, err, ended)
		}
	}
}

// Where mago ends, a child at work ends at once.
func TestDone(t *testing.T) {
	h, done := fake(t, "hangs"), make(chan struct{})
	h.Done = done
	started := h.Run
	h.Run = func(cmd *exec.Cmd) error { close(done); return started(cmd) }
	var gone *pkcs11.Error
	if _, err := h.Open(pkcs11.URI{}); !errors.As(err, &gone) || gone.Kind != pkcs11.Gone {
		t.Error(err)
	}
}

func TestNoProgram(t *testing.T) {
	var missing *pkcs11.Error
	if _, err := (pkcs11.Helper{Programs: []string{"/nowhere"}}).Open(pkcs11.URI{}); !errors.As(err, &missing) || missing.Kind != pkcs11.NoProgram || missing.Hint() == "" {
		t.Error(err)
	}
}

// The child has its pipes and its errors open, whatever mago has inherited; its arguments and environment say no PIN, and a core dump
// would.
func TestChildIsBare(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root may look at a process that leaves no core dumps")
	}
	tok := newToken(t, "mago")
	_, leaf, key := chain(t, 2048)
	tok.put("mago", key, "k", "01")
	tok.putCertificate("mago", leaf, "k", "01")
	inherited, err := os.Open("/")
	if err != nil {
		t.Fatal(err)
	}
	defer inherited.Close()
	pid := make(chan int, 1)
	tok.helper.Run = func(cmd *exec.Cmd) error {
		cmd.ExtraFiles = []*os.File{inherited}
		if err := cmd.Start(); err != nil {
			return err
		}
		pid <- cmd.Process.Pid
		return cmd.Wait()
	}
	if _, err := tok.open("").Login([]byte("1234")); err != nil {
		t.Fatal(err)
	}
	proc := "/proc/" + strconv.Itoa(<-pid)
	open, err := os.ReadDir(proc + "/fd")
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range open {
		if to, _ := os.Readlink(proc + "/fd/" + entry.Name()); to == "/" {
			t.Errorf("%s is %s", entry.Name(), to)
		}
	}
	limits, err := os.ReadFile(proc + "/limits")
	if err != nil || !strings.Contains(strings.Join(strings.Fields(string(limits)), " "), "Max core file size 0 ") {
		t.Errorf("%s, %v", limits, err)
	}
	for _, file := range []string{"cmdline", "environ"} {
		if text, err := os.ReadFile(proc + "/" + file); err != nil || slices.Contains(strings.FieldsFunc(string(text), func(r rune) bool { return r == 0 || r == '=' }), "1234") {
			t.Errorf("%s: %q, %v", file, text, err)
		}
	}
}
