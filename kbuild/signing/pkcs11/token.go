package pkcs11

import (
	"crypto"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"fmt"
	"io"
	"sync"
)

// Token is a token in use, and the key on it that a URI names.
type Token struct {
	Certificate *x509.Certificate   // of the key
	Others      []*x509.Certificate // of the token
	PIN         PIN

	child   *child
	wanted  Wanted
	once    sync.Once // for the PIN
	refused error
}

// Open finds a key's certificate, for which no PIN is needed. The error is an *Error. Whoever has the token closes it, or leaves it
// open until mago ends.
func (h Helper) Open(u URI) (*Token, error) {
	c, err := h.start()
	if err != nil {
		return nil, err
	}
	t, err := open(c, u)
	if err != nil {
		c.close()
	}
	return t, err
}

func open(c *child, u URI) (*Token, error) {
	reply, err := c.ask(u.Wanted, Request{Op: OpOpen, Module: u.Module, Key: u.Wanted})
	if err != nil {
		return nil, err
	}
	t := &Token{PIN: reply.PIN, child: c, wanted: reply.Token}
	if t.Certificate, err = x509.ParseCertificate(reply.Certificate); err != nil {
		return nil, &Error{Kind: Refused, Key: t.wanted, What: fmt.Sprintf("its certificate is damaged: %v", err)}
	}
	if _, ok := t.Certificate.PublicKey.(*rsa.PublicKey); !ok {
		return nil, &Error{Kind: NotRSA, Key: t.wanted, What: t.Certificate.PublicKeyAlgorithm.String()}
	}
	for _, der := range reply.Others {
		if other, err := x509.ParseCertificate(der); err == nil {
			t.Others = append(t.Others, other)
		}
	}
	return t, nil
}

// Name is what people call the token.
func (t *Token) Name() string { return t.wanted.TokenName() }

// Close ends the child.
func (t *Token) Close() { t.child.close() }

// Login gives the token the PIN and has it sign once, so that what keeps it from that is known before anything depends on it. It
// takes no second PIN: after a few wrong ones tokens lock themselves. The error is an *Error.
func (t *Token) Login(pin []byte) (crypto.Signer, error) {
	t.once.Do(func() { t.refused = t.first(pin) })
	if t.refused != nil {
		return nil, t.refused
	}
	return &key{t}, nil
}

func (t *Token) first(pin []byte) error {
	if t.PIN == PINAsked && len(pin) == 0 {
		return &Error{Kind: NoPIN, Key: t.wanted}
	}
	if _, err := t.child.ask(t.wanted, Request{Op: OpLogin, PIN: pin}); err != nil {
		return err
	}
	sum := crypto.SHA256.New()
	_, err := (&key{t}).Sign(nil, sum.Sum(nil), crypto.SHA256)
	return err
}

// key is the private key: a crypto.Signer that signs by PKCS #1 v1.5.
type key struct{ *Token }

func (k *key) Public() crypto.PublicKey { return k.Certificate.PublicKey }

// Sign has the token sign a digest; it needs no random numbers. The error is an *Error.
func (k *key) Sign(_ io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	info, err := digestInfo(digest, opts.HashFunc())
	if err != nil {
		return nil, &Error{Kind: Refused, Key: k.wanted, What: err.Error()}
	}
	reply, err := k.child.ask(k.wanted, Request{Op: OpSign, Data: info})
	if err != nil {
		return nil, err
	}
	if rsa.VerifyPKCS1v15(k.Certificate.PublicKey.(*rsa.PublicKey), opts.HashFunc(), digest, reply.Signature) != nil {
		return nil, &Error{Kind: Mismatch, Key: k.wanted}
	}
	return reply.Signature, nil
}

var digests = map[crypto.Hash]asn1.ObjectIdentifier{
	crypto.SHA1:   {1, 3, 14, 3, 2, 26},
	crypto.SHA224: {2, 16, 840, 1, 101, 3, 4, 2, 4},
	crypto.SHA256: {2, 16, 840, 1, 101, 3, 4, 2, 1},
	crypto.SHA384: {2, 16, 840, 1, 101, 3, 4, 2, 2},
	crypto.SHA512: {2, 16, 840, 1, 101, 3, 4, 2, 3},
}

// digestInfo is what CKM_RSA_PKCS pads and signs: a digest with its algorithm (RFC 8017, 9.2).
func digestInfo(digest []byte, hash crypto.Hash) ([]byte, error) {
	oid, ok := digests[hash]
	if !ok {
		return nil, fmt.Errorf("mago has it sign no digests of %v", hash)
	}
	return asn1.Marshal(struct {
		Algorithm pkix.AlgorithmIdentifier
		Digest    []byte
	}{pkix.AlgorithmIdentifier{Algorithm: oid, Parameters: asn1.NullRawValue}, digest})
}
