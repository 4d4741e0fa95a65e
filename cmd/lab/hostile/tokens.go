package hostile

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"syscall"
)

// tokens are the sockets of pcscd and of p11-kit's server.
var tokens = []string{"/run/pcscd/pcscd.comm", "/run/p11-kit/pkcs11"}

// makeKey makes a file that looks like a key which signs.
func (v *Victim) makeKey() error {
	return errors.Join(os.Mkdir(v.file("keys"), 0o755), os.WriteFile(v.file("keys/signing.key"), []byte("-----BEGIN PRIVATE KEY-----\n"), 0o644),
		os.Chmod(v.file("keys/signing.key"), 0o666))
}

// listenAsTokens opens the sockets of tokens, but for one that a program of the host has.
func (v *Victim) listenAsTokens() error {
	for _, name := range tokens {
		path := filepath.Join(v.root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		l, err := listenAt(path)
		if errors.Is(err, syscall.EADDRINUSE) {
			continue
		}
		if err != nil {
			return err
		}
		v.listeners, v.tokens = append(v.listeners, l), append(v.tokens, path)
	}
	return nil
}

// listenAt opens a socket that anybody may talk to, whose path may be longer than the 108 bytes of sun_path.
func listenAt(path string) (*net.UnixListener, error) {
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return nil, err
	}
	defer dir.Close()
	name := fmt.Sprintf("/proc/self/fd/%d/%s", dir.Fd(), filepath.Base(path))
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: name, Net: "unix"})
	if err != nil {
		return nil, err
	}
	l.SetUnlinkOnClose(false)
	return l, os.Chmod(path, 0o666)
}
