package detached

import (
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"mago/kbuild/foreign"
	"mago/kbuild/signing"
)

// Signatures are those that a directory has come back with.
type Signatures struct {
	Certificate *x509.Certificate // that has signed
	messages    map[string][]byte // by the digest of the module, in hexadecimal digits
}

// Signed reads the signatures of all requests, each of which has to be good for its module. The error is an *Error.
func (d *Dir) Signed() (requests []Request, s Signatures, err error) {
	if requests, err = d.Requests(); err != nil {
		return nil, s, err
	}
	if s, err = d.signer(); err != nil {
		return nil, s, err
	}
	for _, r := range requests {
		if err := d.read(r, s); err != nil {
			return nil, s, err
		}
	}
	return requests, s, nil
}

// signer reads who has signed.
func (d *Dir) signer() (s Signatures, err error) {
	name := filepath.Join(d.name, signerFile)
	text, err := foreign.ReadText(d.root, signerFile, maxText)
	if errors.Is(err, fs.ErrNotExist) {
		return s, &Error{name, errors.New("there is no such file: nothing here is signed yet")}
	}
	if err != nil {
		return s, &Error{name, err}
	}
	chain, err := signing.ParseCertificates(text)
	if err != nil {
		return s, &Error{name, err}
	}
	s.Certificate, s.messages = chain[0], map[string][]byte{}
	return s, nil
}

// read reads a module's signature.
func (d *Dir) read(r Request, s Signatures) error {
	sum, hash, err := d.digest(r)
	if err != nil {
		return err
	}
	message, err := foreign.ReadText(d.root, r.File+ending, maxText)
	if errors.Is(err, fs.ErrNotExist) {
		err = errors.New("there is no such file: this module is not signed yet")
	}
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
