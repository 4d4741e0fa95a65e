package soak

import (
	"slices"
	"strings"
	"testing"
)

const traced = `10 execve("/usr/local/bin/mago", ["mago", "a-b"], 0x7ffd /* 9 vars */) = 0
10 clone(child_stack=0xc000, flags=CLONE_VM|CLONE_THREAD <unfinished ...>
11 openat(5</var/lib/mago>, "keys/signing.key", O_RDONLY|O_CLOEXEC) = 7</var/lib/mago/keys/signing.key>
10 <... clone resumed>, tls=0xc0) = 11
11 clone3({flags=CLONE_VM|CLONE_VFORK, exit_signal=SIGCHLD}, 88) = 12
11 openat(AT_FDCWD, "/var/lib/mago/keys/.ready/signing.key", O_RDONLY) = -1 ENOENT (No such file or directory)
12 execve("/usr/bin/bwrap", ["bwrap"], 0xc0 /* 2 vars */) = 0
12 openat(AT_FDCWD, "/etc/passwd", O_RDONLY) = 3</etc/passwd>
`

// TestReadOpens: what mago's threads open is its own, and what others only ask for is told.
func TestReadOpens(t *testing.T) {
	const asks = `openat(AT_FDCWD, "/var/lib/mago/keys/signing.key", O_RDONLY) = -1 ENOENT (No such file or directory)`
	const has = `openat(AT_FDCWD, "k", O_RDONLY) = 3</var/lib/mago/keys/signing.key>`
	const secrets = `openat(AT_FDCWD, "/root/secret", O_RDONLY) = -1 EACCES (Permission denied)`
	for name, c := range map[string]struct {
		more   string
		opened int
		others []string
	}{
		"mago alone":                      {"", 1, nil},
		"mago, again":                     {"10 " + has + "\n", 2, nil},
		"a build asks":                    {"12 " + asks + "\n", 1, []string{asks}},
		"a build has it":                  {"12 openat(AT_FDCWD, \"k\", O_RDONLY <unfinished ...>\n12 <... openat resumed>) = 3</var/lib/mago/keys/signing.key>\n", 1, []string{has}},
		"a build asks for the passphrase": {"12 " + secrets + "\n", 1, []string{secrets}},
		"its child has it":                {"12 clone(child_stack=NULL, flags=CLONE_THREAD) = 13\n13 " + has + "\n", 1, []string{has}},
	} {
		t.Run(name, func(t *testing.T) {
			o, err := readOpens(strings.NewReader(traced + c.more))
			if err != nil || o.opened != c.opened || !slices.Equal(o.others, c.others) {
				t.Errorf("got %+v, %v", o, err)
			}
		})
	}
	if _, err := readOpens(strings.NewReader("")); err == nil {
		t.Error("no trace is no error")
	}
}
