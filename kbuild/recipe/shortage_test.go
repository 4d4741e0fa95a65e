package recipe

import (
	"errors"
	"testing"

	"mago/kbuild/kernel"
	"mago/kbuild/sandbox"
)

func TestShortage(t *testing.T) {
	const retried = "dkms.conf: fork: retry: Resource temporarily unavailable\n"
	for _, test := range []struct {
		said   string
		failed bool
		want   CauseKind
	}{
		{"", true, ""},
		{"dkms.conf: line 3: foo: command not found\n", true, ""},
		{retried, false, ""},
		{retried, true, CauseProcesses},
		{retried + "dkms.conf: fork: Resource temporarily unavailable\n", false, CauseProcesses},
		{"dkms.conf: line 2: fork: Cannot allocate memory", true, CauseMemory},
		{"dkms.conf: line 2:  77 Killed                  modinfo x", false, CauseMemory},
	} {
		if message, got := shortage(test.said, test.failed); got.Kind != test.want || (message == "") != (test.want == "") {
			t.Errorf("%q: got %q, %v", test.said, message, got)
		}
	}
}

func TestOOMKills(t *testing.T) {
	if got := parseOOMKills([]byte("nr_free_pages 1\noom_kill 17\noom_kill_x 3\n")); got != 17 {
		t.Errorf("got %d", got)
	}
	if got := parseOOMKills([]byte("oom_killed 17\n")); got != 0 {
		t.Errorf("got %d", got)
	}
}

// TestKilledForMemory: what fails while the kernel kills for want of memory says nothing of the source.
func TestKilledForMemory(t *testing.T) {
	broken := &CompileError{Step: "make", Message: "a.c:1:1: error: implicit declaration of function ‘f’", Cause: Cause{Kind: CauseInterface}}
	for _, test := range []struct {
		err    error
		killed bool
		want   CauseKind
	}{
		{broken, false, CauseInterface},
		{broken, true, CauseMemory},
		{&CompileError{Cause: Cause{Kind: CauseFiles}}, true, CauseFiles},
		{&Error{"dkms.conf", errors.New("it exits before its end")}, true, CauseMemory},
		{&Error{"dkms.conf", errors.New("it exits before its end")}, false, ""},
		{&NotMeantError{}, true, CauseMemory},
		{&sandbox.LimitError{}, true, ""},
		{&kernel.HeadersError{}, true, ""},
	} {
		var compile *CompileError
		got := CauseKind("")
		if errors.As(OfMemory(test.err, test.killed), &compile) {
			got = compile.Cause.Kind
		}
		if got != test.want {
			t.Errorf("%v, %v: got %q, want %q", test.err, test.killed, got, test.want)
		}
	}
	if broken.Cause.Kind != CauseInterface {
		t.Error("the error itself has changed")
	}
	if OfMemory(nil, true) != nil {
		t.Error("no error has become one")
	}
}
