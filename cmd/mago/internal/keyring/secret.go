package keyring

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"mago/debpkg/rooted"
	"mago/kbuild/signing/coredump"
)

// readSecret reads a file inside a root that has a private key. From then on this process leaves no core dump.
func readSecret(root rooted.Root, path string) ([]byte, error) {
	text, err := root.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return text, coredump.Off()
}

// EmptyPassphraseError is a file that is to have a passphrase, and whose first line is empty.
type EmptyPassphraseError struct{ Name string }

func (e *EmptyPassphraseError) Error() string {
	return "read the passphrase: " + e.Name + " has no first line"
}

// maxPassphrase is how many bytes of a file are looked at for a passphrase's end.
const maxPassphrase = 64 << 10

// ReadPassphrase reads a passphrase, or a token's PIN: the first line of a file, whose name is for errors. From then on this process
// leaves no core dump. The error may be an *EmptyPassphraseError.
func ReadPassphrase(file io.Reader, name string) ([]byte, error) {
	text, err := io.ReadAll(io.LimitReader(file, maxPassphrase))
	if err = errors.Join(err, coredump.Off()); err != nil {
		return nil, fmt.Errorf("read the passphrase: %w", err)
	}
	line, _, _ := bytes.Cut(text, []byte("\n"))
	if line = bytes.TrimSuffix(line, []byte("\r")); len(line) == 0 {
		return nil, &EmptyPassphraseError{name}
	}
	return line, nil
}

// PassphraseIn reads the passphrase in a file inside a root.
func PassphraseIn(root rooted.Root, path string) ([]byte, error) {
	file, err := root.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return ReadPassphrase(file, path)
}

// KeyFile is a private key's file that somebody has named. It is read once, for it may be a pipe, and a passphrase may be tried three times.
type KeyFile struct {
	path string
	text []byte
}

// ReadKeyFile reads a private key's file at a path of this process; "" gives the zero value.
func ReadKeyFile(path string) (f KeyFile, err error) {
	if path != "" {
		f.path = path
		f.text, err = readSecret("/", path)
	}
	return f, err
}
