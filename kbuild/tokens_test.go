package kbuild

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"mago/kbuild/sandbox"
)

// TestBuildReachesNoToken has a build try what a smart card's daemon and softhsm2 have on a machine: a socket that everybody may
// connect to, below /run, and a directory of root's.
func TestBuildReachesNoToken(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root makes files below /run and /var/lib")
	}
	socket := daemon(t)
	files := below(t, "/var/lib", 0o750)
	if err := os.WriteFile(filepath.Join(files, "token.object"), []byte("a private key"), 0o644); err != nil {
		t.Fatal(err)
	}
	attempt := `#!/usr/bin/perl
use Socket;
print -d '` + filepath.Dir(socket) + `' && opendir(D, '/run') ? "REACHED /run\n" : "no /run: $!\n";
print socket(S, AF_UNIX, SOCK_STREAM, 0) && connect(S, sockaddr_un('` + socket + `')) ? "REACHED the socket\n" : "no socket: $!\n";
print open(F, '` + files + `/token.object') ? "REACHED the file\n" : "no file: $!\n";
`
	for _, kind := range []sandbox.Kind{sandbox.Bubblewrap, sandbox.Namespaces, sandbox.User} {
		t.Run(string(kind), func(t *testing.T) {
			b := newBench(t).in(t, kind)
			b.mustBuild(t, with(t, tree{"attempt+": attempt, "dkms.conf": named + "PRE_BUILD=attempt\n"}))
			log := b.log.String()
			for _, tried := range []string{"/run", "socket", "file"} {
				if !strings.Contains(log, "no "+tried+": ") || strings.Contains(log, "REACHED") {
					t.Errorf("%s:\n%s", tried, log)
				}
			}
		})
	}
}

// daemon listens where everybody may connect, as pcscd does, and gives the path.
func daemon(t *testing.T) string {
	t.Helper()
	path := filepath.Join(below(t, "/run", 0o755), "pcscd.comm")
	listener, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	if err := os.Chmod(path, 0o777); err != nil {
		t.Fatal(err)
	}
	return path
}

// below makes a directory of this test's own.
func below(t *testing.T, dir string, mode os.FileMode) string {
	t.Helper()
	own, err := os.MkdirTemp(dir, "mago-test-")
	if err == nil {
		t.Cleanup(func() { os.RemoveAll(own) })
		err = os.Chmod(own, mode)
	}
	if err != nil {
		t.Fatal(err)
	}
	return own
}
