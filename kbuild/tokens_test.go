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
	for _, kind := range []sandbox.Kind{sandbox.Bubblewrap, sandbox.Namespaces, sandbox.User} {
		t.Run(string(kind), func(t *testing.T) {
			b := newBench(t).in(t, kind)
			b.mustBuild(t, with(t, tree{"attempt+": reaching(daemon(t, b.root), tokenFile(t, b.root)), "dkms.conf": named + "PRE_BUILD=attempt\n"}))
			log := b.log.String()
			for _, tried := range []string{"/run", "socket", "file"} {
				if !strings.Contains(log, "no "+tried+": ") || strings.Contains(log, "REACHED") {
					t.Errorf("%s:\n%s", tried, log)
				}
			}
		})
	}
}

// reaching tries to, by paths as builds see them.
func reaching(socket, file string) string {
	return `#!/usr/bin/perl
use Socket;
print opendir(D, '/run') ? "REACHED /run\n" : "no /run: $!\n";
print socket(S, AF_UNIX, SOCK_STREAM, 0) && connect(S, sockaddr_un('` + socket + `')) ? "REACHED the socket\n" : "no socket: $!\n";
print open(F, '` + file + `') ? "REACHED the file\n" : "no file: $!\n";
`
}

// daemon listens below a root where everybody may connect, as pcscd does, and gives the path inside.
func daemon(t *testing.T, root string) string {
	t.Helper()
	dir := below(t, root, "/run", 0o755)
	listener, err := net.Listen("unix", filepath.Join(root, dir, "comm"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	if err := os.Chmod(filepath.Join(root, dir, "comm"), 0o777); err != nil {
		t.Fatal(err)
	}
	return dir + "/comm"
}

// tokenFile is one that everybody might read in a directory that only root may enter.
func tokenFile(t *testing.T, root string) string {
	t.Helper()
	dir := below(t, root, "/var/lib", 0o750)
	if err := os.WriteFile(filepath.Join(root, dir, "token.object"), []byte("a private key"), 0o644); err != nil {
		t.Fatal(err)
	}
	return dir + "/token.object"
}

// below makes a directory of this test's own in one of a root's, and gives its path inside.
func below(t *testing.T, root, dir string, mode os.FileMode) string {
	t.Helper()
	own, err := os.MkdirTemp(filepath.Join(root, dir), "mago-test-")
	if err == nil {
		t.Cleanup(func() { os.RemoveAll(own) })
		err = os.Chmod(own, mode)
	}
	if err != nil {
		t.Fatal(err)
	}
	return filepath.Join(dir, filepath.Base(own))
}
