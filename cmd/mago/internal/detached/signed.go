package detached

import (
	"bytes"
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
	File     string              // that has the certificates
	Chain    []*x509.Certificate // the certificate that has signed, and its root's where it has one
	Enroll   string              // the file with the one that machines have to trust, as mokutil takes it
	messages map[string][]byte   // by the digest of the module, in hexadecimal digits
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
	if s.Chain, err = signing.ParseCertificates(text); err == nil {
		err = checkChain(s.Chain)
	}
	if err != nil {
		return s, &Error{name, err}
	}
	s.File, s.Enroll, s.messages = name, filepath.Join(d.name, enrollFile), map[string][]byte{}
	der, err := foreign.ReadText(d.root, enrollFile, maxText)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		err = errors.New("there is no such file: sign the directory once more")
	case err == nil && !bytes.Equal(der, s.Chain[len(s.Chain)-1].Raw):
		err = errors.New("it is another certificate than the one in " + signerFile)
	}
	if err != nil {
		return s, &Error{s.Enroll, err}
	}
	return s, nil
}

// checkChain refuses more than a certificate and the root that has issued it.
func checkChain(chain []*x509.Certificate) error {
	switch {
	case len(chain) > 2:
		return fmt.Errorf("it has %d certificates: of a key and of its root are two", len(chain))
	case len(chain) == 2 && chain[0].CheckSignatureFrom(chain[1]) != nil:
		return fmt.Errorf("%s has not issued the certificate of %s", signing.Name(chain[1]), signing.Name(chain[0]))
	}
	return nil
}

// Certificate is the one that has signed.
func (s Signatures) Certificate() *x509.Certificate { return s.Chain[0] }

// read reads a module's signature.
func (d *Dir) read(r Request, s Signatures) error {
	of, err := d.digest(r)
	if err != nil {
		return err
	}
	message, err := foreign.ReadText(d.root, r.File+ending, maxText)
	if errors.Is(err, fs.ErrNotExist) {
		err = errors.New("there is no such file: this module is not signed yet")
	}
	if err == nil {
		err = signing.Verify(message, of.sum, of.hash, s.Certificate())
	}
	if err != nil {
		return &Error{r.File + ending, err}
	}
	s.messages[hex.EncodeToString(of.sum)] = message
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
