package detached

import (
	"bytes"
	"context"
	"crypto"
	"crypto/x509"
	"errors"
	"os"

	"mago/kbuild/signing"
)

// Sign signs every module of a directory, and leaves each signature beside it; told is called for each. A module that is not what the
// list tells, or is none, is an *Error, and nothing is signed before all were looked at.
func Sign(ctx context.Context, dir string, s *signing.Signer, chain []*x509.Certificate, told func(Request)) error {
	requests, err := Read(dir)
	if err != nil {
		return err
	}
	in, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer in.Close()
	for _, r := range requests {
		if err := r.check(in); err != nil {
			return err
		}
	}
	for _, r := range requests {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err := r.sign(in, s); err != nil {
			return err
		}
		told(r)
	}
	return writeSigner(in, chain)
}

func (r Request) check(in *os.Root) error {
	text, err := r.open(in)
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
	if err != nil {
		err = &Error{r.File, err}
	}
	return hash, err
}

func (r Request) sign(in *os.Root, s *signing.Signer) error {
	text, err := r.open(in)
	if err != nil {
		return err
	}
	hash, err := r.hash()
	if err != nil {
		return err
	}
	sum, err := signing.Digest(bytes.NewReader(text), hash)
	if err != nil {
		return err
	}
	message, err := s.Message(sum, hash)
	if err != nil {
		return err
	}
	return in.WriteFile(r.File+ending, message, 0o644)
}
