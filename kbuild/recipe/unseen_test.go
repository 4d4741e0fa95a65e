package recipe

import (
	"testing"

	"mago/kbuild/sandbox"
)

func TestUnseen(t *testing.T) {
	places := []string{"/tmp", "/usr/src/hello-1.0", "/var/lib/dkms/hello/1.0"}
	for line, want := range map[string]string{
		"cc1: fatal error: /usr/src/hello-1.0/inc/x.h: No such file or directory":                    places[1],
		"cp: cannot stat '/usr/src/hello-1.0': No such file or directory":                            places[1],
		"make: *** /var/lib/dkms/hello/1.0/build: No such file or directory.  Stop.":                 places[2],
		"make[1]: *** No rule to make target '/var/lib/dkms/hello/1.0/build/gen.h', needed by 'all'": places[2],
		"/bin/sh: 1: cannot create /tmp/out: Permission denied":                                      places[0],
		"sh: 1: /usr/src/hello-1.0/build.sh: not found":                                              places[1],
		"/usr/src/hello-1.0.2/x: No such file or directory":                                          "",
		"cat: /home/me/tmp/x: No such file or directory":                                             "",
		"cat: ./tmp/x: No such file or directory":                                                    "",
		"-I/usr/src/hello-1.0/inc is given":                                                          "",
		"hello.c:3:10: fatal error: said.h: No such file or directory":                               "",
	} {
		w := progressWriter{unseen: unseen{places: places}}
		w.line([]byte(line))
		if w.unseen.missed != want {
			t.Errorf("%s: got %q", line, w.unseen.missed)
		}
	}
	c := Cause{Kind: CauseHeader, Thing: "said.h"}.instead("/tmp", sandbox.User)
	if got := c.String(); got != "builds in the sandbox user do not see /tmp; bubblewrap shows it" {
		t.Errorf("got %q", got)
	}
	if c := (Cause{Kind: CauseInterface}).instead("/tmp", sandbox.User); c.Kind != CauseInterface {
		t.Error("a compiler's own error is explained by a path that was missing before")
	}
}
