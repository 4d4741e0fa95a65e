package detached

import (
	"bytes"
	"context"
	"crypto"
	"crypto/x509"
	"errors"
	"slices"

	"mago/kbuild/signing"
)

// Sign signs every module of a directory, and leaves each signature beside it; told is called for each. A module that is not what the
// list tells, or is none, is an *Error, and nothing is signed before all were looked at.
func (d *Dir) Sign(ctx context.Context, s *signing.Signer, chain []*x509.Certificate, told func(Request)) error {
	requests, err := d.Requests()
	if err != nil {
		return err
	}
	for _, r := range requests {
		if err := d.check(r); err != nil {
			return err
		}
	}
	for _, r := range requests {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err := d.sign(r, s); err != nil {
			return err
		}
		told(r)
	}
	return d.writeSigner(chain)
}

func (d *Dir) check(r Request) error {
	text, err := d.module(r)
	if err == nil && !isModule(text) {
		err = &Error{r.File, errors.New("it is not a kernel module")}
	}
	if err == nil {
		_, err = r.hash()
	}
	return err
}

func (r Request) hash() (crypto.Hash, error) {
	hash, err := signing.Hash(r.Hash)
	if err == nil && slices.Contains([]crypto.Hash{crypto.SHA1, crypto.SHA224}, hash) {
		err = errWeak
	}
	if err != nil {
		err = &Error{r.File, err}
	}
	return hash, err
}

// errWeak keeps whoever asks from having one module signed for another: files of one SHA-1 are made by those who want to.
var errWeak = errors.New("it is to be signed with a hash that is too weak for what comes from another machine: sha256 or longer is not")

// digest is what a signature is over.
func (d *Dir) digest(r Request) (sum []byte, hash crypto.Hash, err error) {
	text, err := d.module(r)
	if err != nil {
		return nil, 0, err
	}
	if hash, err = r.hash(); err != nil {
		return nil, 0, err
	}
	sum, err = signing.Digest(bytes.NewReader(text), hash)
	return sum, hash, err
}

func (d *Dir) sign(r Request, s *signing.Signer) error {
	sum, hash, err := d.digest(r)
	if err != nil {
		return err
	}
	message, err := s.Message(sum, hash)
	if err != nil {
		return err
	}
	return d.write(r.File+ending, message)
}
