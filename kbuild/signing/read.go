package signing

import (
	"bytes"
	"cmp"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"fmt"
	"io"
	"math/big"
	"os"

	"mago/debpkg/codec"
)

// maxModule is how many bytes of a module are read to find its end; NVIDIA's largest has 100 MB.
const maxModule = 1 << 30

// maxSignature is how many bytes a signature, its certificates among them, has at most that is read: forty times the usual.
const maxSignature = 64 << 10

// ReadFile is Read for a file. One that ends early is read as far as it goes.
func ReadFile(path string) (message []byte, err error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return Read(file)
}

// Read gives the CMS message of a module, compressed or not; nil where it is not signed.
func Read(module io.Reader) (message []byte, err error) {
	stream, _, err := codec.NewReader(module)
	if err != nil {
		return nil, err
	}
	defer stream.Close()
	end := &tail{}
	if _, err := io.Copy(end, io.LimitReader(stream, maxModule)); err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, err
	}
	_, message, err = Unsigned(bytes.NewReader(end.last), int64(len(end.last)))
	return message, err
}

// tail keeps the end of what is written to it.
type tail struct{ last []byte }

func (t *tail) Write(p []byte) (int, error) {
	t.last = append(t.last, p[max(len(p)-maxSignature, 0):]...)
	t.last = append(t.last[:0], t.last[max(len(t.last)-maxSignature, 0):]...)
	return len(p), nil
}

// Signature is who has signed a module.
type Signature struct {
	Certificates []*x509.Certificate // that the signature holds
	issuer       []byte              // of the signer's, DER
	serial       *big.Int
}

// Parse reads a CMS message as far as it says who has signed; the first signer counts.
func Parse(message []byte) (s Signature, err error) {
	fields, err := signedFields(message)
	if err != nil {
		return s, err
	}
	if held := fields[3]; held.Class == asn1.ClassContextSpecific && held.Tag == 0 {
		if s.Certificates, err = x509.ParseCertificates(held.Bytes); err != nil {
			return s, fmt.Errorf("the certificates of a module's signature: %w", err)
		}
	}
	var signer struct {
		Version int
		SID     issuerAndSerial
	}
	if _, err := asn1.Unmarshal(fields[len(fields)-1].Bytes, &signer); err != nil {
		return s, fmt.Errorf("the signer of a module's signature: %w", err)
	}
	s.issuer, s.serial = signer.SID.Issuer.FullBytes, signer.SID.Serial
	return s, nil
}

// signedFields are the fields of a message's SignedData, four or more.
func signedFields(message []byte) (fields []asn1.RawValue, err error) {
	var outer struct {
		Type    asn1.ObjectIdentifier
		Content asn1.RawValue // [0] EXPLICIT SignedData
	}
	if _, err := asn1.Unmarshal(message, &outer); err != nil {
		return nil, fmt.Errorf("a module's signature: %w", err)
	}
	if _, err := asn1.Unmarshal(outer.Content.Bytes, &fields); err != nil || len(fields) < 4 {
		return nil, fmt.Errorf("a module's signature: %w", errors.Join(err, errSigned))
	}
	return fields, nil
}

var errSigned = errors.New("it is not signed data")

// Issuer is what people call the certificate that a machine has to know: the root of the one that has signed, or that one where it is
// self-signed; "" where the signature does not tell.
func (s Signature) Issuer() string {
	var names pkix.RDNSequence
	if _, err := asn1.Unmarshal(s.issuer, &names); err != nil {
		return ""
	}
	var issuer pkix.Name
	issuer.FillFromRDNSequence(&names)
	return cmp.Or(issuer.CommonName, issuer.String())
}

// Chain is the certificate that has signed, and the one that has issued that, as far as the signature holds them or they are known.
func (s Signature) Chain(known ...*x509.Certificate) (chain []*x509.Certificate) {
	for _, c := range append(s.Certificates, known...) {
		if bytes.Equal(c.RawIssuer, s.issuer) && c.SerialNumber.Cmp(s.serial) == 0 {
			chain = append(chain, c)
			break
		}
	}
	if chain == nil || bytes.Equal(chain[0].RawIssuer, chain[0].RawSubject) {
		return chain
	}
	for _, c := range known {
		if chain[0].CheckSignatureFrom(c) == nil {
			return append(chain, c)
		}
	}
	return chain
}
