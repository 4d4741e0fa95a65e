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

// Asked is what a directory asks for, once all of its modules were looked at.
type Asked struct {
	Requests []Request
	dir      *Dir
	digests  []digest // of the requests' modules
}

// digest is what a signature is over.
type digest struct {
	sum  []byte
	hash crypto.Hash
}

// Inspect looks at every module. One that is not what the list tells, or is none, is an *Error.
func (d *Dir) Inspect() (a Asked, err error) {
	a.dir = d
	if a.Requests, err = d.Requests(); err != nil {
		return a, err
	}
	for _, r := range a.Requests {
		digest, err := d.digest(r)
		if err != nil {
			return a, err
		}
		a.digests = append(a.digests, digest)
	}
	return a, nil
}

// Sign leaves each module's signature beside it; told is called for each. chain is the signer's certificate, and its root's where it has
// one.
func (a Asked) Sign(ctx context.Context, s *signing.Signer, chain []*x509.Certificate, told func(Request)) error {
	for i, r := range a.Requests {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		message, err := s.Message(a.digests[i].sum, a.digests[i].hash)
		if err != nil {
			return err
		}
		if err := a.dir.write(r.File+ending, message); err != nil {
			return err
		}
		told(r)
	}
	return a.dir.writeSigner(chain)
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

func (d *Dir) digest(r Request) (of digest, err error) {
	text, err := d.module(r)
	if err == nil && !isModule(text) {
		err = &Error{r.File, errors.New("it is not a kernel module")}
	}
	if err != nil {
		return of, err
	}
	if of.hash, err = r.hash(); err != nil {
		return of, err
	}
	of.sum, err = signing.Digest(bytes.NewReader(text), of.hash)
	return of, err
}

// isModule reports whether bytes are those of a kernel module: an ELF file that can be relocated (elf(5)). Nothing else is signed: a key
// for modules is not for kernels.
func isModule(text []byte) bool {
	relocatable := map[string]bool{"\x01\x00": true, "\x00\x01": true} // in either byte order
	return len(text) > 18 && string(text[:4]) == "\x7fELF" && relocatable[string(text[16:18])]
}

// writeSigner leaves the certificates of who has signed, and the one to enroll once more by itself.
func (d *Dir) writeSigner(chain []*x509.Certificate) error {
	var text []byte
	for _, c := range chain {
		text = append(text, signing.FormatCertificate(c)...)
	}
	return errors.Join(d.write(enrollFile, chain[len(chain)-1].Raw), d.write(signerFile, text))
}
