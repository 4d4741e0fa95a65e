package sweep

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestRunLimited(t *testing.T) {
	log, err := os.OpenFile(filepath.Join(t.TempDir(), "log"), os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o644)
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	if _, err := log.WriteString("earlier\n"); err != nil {
		t.Fatal(err)
	}
	shell := func(script string) func(context.Context) *exec.Cmd {
		return func(ctx context.Context) *exec.Cmd { return exec.CommandContext(ctx, "sh", "-c", script) }
	}
	done, err := runLimited(t.Context(), time.Minute, log, shell("echo said; exit 11"))
	if err != nil || done.code != 11 || done.output != "said\n" {
		t.Errorf("runLimited = %+v, %v", done, err)
	}
	done, err = runLimited(t.Context(), 50*time.Millisecond, log, shell("sh -c 'sleep 60; echo never' ; true"))
	if err != nil || done.code != -1 {
		t.Errorf("after its time a program gives %+v, %v", done, err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := runLimited(ended, time.Minute, log, shell("true")); err == nil {
		t.Error("an interrupted run has a result")
	}
	if text, _ := os.ReadFile(log.Name()); !strings.HasPrefix(string(text), "earlier\nsaid\n") {
		t.Errorf("the log holds %q", text)
	}
}

func TestErrors(t *testing.T) {
	if got := firstError("make: Entering\n/b/a.c:7:9: error: no x\nmake: *** [a.o] Error 1\n"); got != "/b/a.c:7:9: error: no x" {
		t.Errorf("firstError = %q", got)
	}
	for code, want := range map[int]string{0: built, -1: tooLong, exitNotMeant: notMeant, exitNoTool: needs, 10: failed} {
		if got := resultOf(code); got != want {
			t.Errorf("resultOf(%d) = %q", code, got)
		}
	}
}

func TestJudgePeer(t *testing.T) {
	for want, done := range map[outcome]ran{
		{Result: built, Seconds: 2}:                {seconds: 2, output: "warning: error: none"},
		{Result: notMeant}:                         {code: 9, output: "Error! The BUILD_EXCLUSIVE directive does not match"},
		{Result: tooLong}:                          {code: -1},
		{Result: failed, Why: "a.c:1:1: error: x"}: {code: 10, output: "Error! Bad return status"},
	} {
		if got := judgePeer(done, "a.c:1:1: error: x\n"); *got != want {
			t.Errorf("judgePeer(%+v) = %+v, want %+v", done, *got, want)
		}
	}
}

func TestDKMSName(t *testing.T) {
	for _, c := range []struct{ dir, conf, name, version string }{
		{"r8168-8.051", "PACKAGE_NAME=\"r8168\"\n", "r8168", "8.051"},
		{"qcacld-2.0-1.5", "MAKE=x\nPACKAGE_NAME=qcacld-2.0\n", "qcacld-2.0", "1.5"},
		{"nvidia-current-535", "PACKAGE_NAME=\"$x\"\n", "nvidia-current", "535"},
	} {
		if name, version := dkmsName(c.dir, c.conf); name != c.name || version != c.version {
			t.Errorf("dkmsName(%q) = %q, %q", c.dir, name, version)
		}
	}
}
