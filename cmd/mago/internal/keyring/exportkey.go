package keyring

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"crypto/x509"
	"path/filepath"

	"mago/kbuild/signing"
)

// exportKey writes a private key to a new file; where that fails, there is none.
func exportKey(path string, text []byte) error {
	err := writeExclusively(path, text)
	if errors.Is(err, fs.ErrExist) {
		return &InTheWayError{path}
	}
	return err
}

func writeExclusively(path string, text []byte) error {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = file.Write(text)
	if err = errors.Join(err, file.Sync(), file.Close(), syncDir(filepath.Dir(path))); err != nil {
		_ = os.Remove(path)
	}
	return err
}

// InTheWayError is a file that lies where a private key is to be written.
type InTheWayError struct{ Path string }

func (e *InTheWayError) Error() string {
	return e.Path + " is there already, and may be somebody's key"
}

// ExistsError is a key that is there where another one is to be made.
type ExistsError struct {
	Path        string            // inside the root
	Certificate *x509.Certificate // nil where it cannot be read
	Flat        bool              // whether it has no root, and so no new leaf
}

func (e *ExistsError) Error() string {
	if e.Certificate == nil {
		return "there is a key already in " + e.Path + ", which cannot be read"
	}
	return fmt.Sprintf("there is a key already in %s: %s, until %s", e.Path, signing.Name(e.Certificate), day(e.Certificate.NotAfter))
}
