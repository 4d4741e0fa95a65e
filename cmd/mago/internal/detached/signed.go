package detached

import (
	"bytes"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"mago/kbuild/signing"
)

// Signatures are those that a directory has come back with.
type Signatures struct {
	Certificate *x509.Certificate // that has signed
	Root        *x509.Certificate // nil: the certificate is self-signed
	messages    map[string][]byte // by the digest of the module, in hexadecimal digits
}

// Signed reads the signatures of all requests, each of which has to be good for its module. The error is an *Error.
func Signed(dir string) (requests []Request, s Signatures, err error) {
	if requests, err = Read(dir); err != nil {
		return nil, s, err
	}
	in, err := os.OpenRoot(dir)
	if err != nil {
		return nil, s, err
	}
	defer in.Close()
	if err := s.readSigner(in, dir); err != nil {
		return nil, s, err
	}
	s.messages = map[string][]byte{}
	for _, r := range requests {
		if err := s.read(in, r); err != nil {
			return nil, s, err
		}
	}
	return requests, s, nil
}

func (s *Signatures) readSigner(in *os.Root, dir string) error {
	name := filepath.Join(dir, signerFile)
	text, err := in.ReadFile(signerFile)
	if errors.Is(err, fs.ErrNotExist) {
		return &Error{name, errors.New("there is no such file: nothing here is signed yet")}
	}
	if err != nil {
		return &Error{name, err}
	}
	chain, err := signing.ParseCertificates(text)
	if err != nil {
		return &Error{name, err}
	}
	if s.Certificate = chain[0]; len(chain) > 1 {
		s.Root = chain[1]
	}
	return nil
}

// read reads a module's signature.
func (s *Signatures) read(in *os.Root, r Request) error {
	text, err := r.open(in)
	if err != nil {
		return err
	}
	message, err := in.ReadFile(r.File + ending)
	if errors.Is(err, fs.ErrNotExist) {
		return &Error{r.File + ending, errors.New("there is no such file: this module is not signed yet")}
	}
	if err != nil {
		return &Error{r.File + ending, err}
	}
	hash, err := r.hash()
	if err != nil {
		return err
	}
	sum, err := signing.Digest(bytes.NewReader(text), hash)
	if err == nil {
		err = signing.Verify(message, sum, hash, s.Certificate)
	}
	if err != nil {
		return &Error{r.File + ending, err}
	}
	s.messages[hex.EncodeToString(sum)] = message
	return nil
}

// Message is the signature of a module with that digest.
func (s Signatures) Message(module string, sum []byte) ([]byte, error) {
	message, ok := s.messages[hex.EncodeToString(sum)]
	if !ok {
		return nil, fmt.Errorf("no signature was asked for what %s is now", module)
	}
	return message, nil
}
