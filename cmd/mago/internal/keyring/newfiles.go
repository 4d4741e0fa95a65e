package keyring

import (
	"cmp"
	"crypto"
	"crypto/x509"
	"fmt"
	"time"

	"mago/kbuild/signing"
)

// The usual lives of certificates, in days.
const (
	leafDays = 5 * 365
	rootDays = 30 * 365
)

// files are those of a new key.
func (n New) files() (map[string][]byte, error) {
	key, err := signing.Generate(n.Algorithm)
	if err != nil {
		return nil, err
	}
	if n.Flat {
		return n.flatFiles(key)
	}
	root, err := signing.Generate(n.Algorithm)
	if err != nil {
		return nil, err
	}
	rootCert, err := signing.Root(root, signing.Subject{Name: rootName(n.Name), From: n.Now, Days: rootDays})
	if err != nil {
		return nil, err
	}
	leaf, err := newLeaf(key.Public(), leafName(n.Name, n.Now, n.others), n.Days, n.Now, rootCert, root)
	if err != nil {
		return nil, err
	}
	return n.twoFiles(key, root, leaf, rootCert)
}

func (n New) flatFiles(key crypto.Signer) (map[string][]byte, error) {
	c, err := signing.Flat(key, signing.Subject{Name: n.Name, From: n.Now, Days: cmp.Or(n.Days, rootDays)})
	if err != nil {
		return nil, err
	}
	text, err := fileOf(key, n.Passphrase, c)
	return map[string][]byte{signingKey: text, mokCert: c.Raw}, err
}

// twoFiles are those of a leaf and a root. A root's key without a passphrase lies apart: whoever has both could make leaves for ever.
func (n New) twoFiles(key, root crypto.Signer, leaf, rootCert *x509.Certificate) (map[string][]byte, error) {
	ofLeaf, ofRoot := n.Passphrase, rootKey
	if n.Unattended {
		ofLeaf = nil
	}
	if len(n.Passphrase) == 0 {
		ofRoot = offlineKey
	}
	leafText, err := fileOf(key, ofLeaf, leaf, rootCert)
	if err != nil {
		return nil, err
	}
	rootText, err := fileOf(root, n.Passphrase, rootCert)
	return map[string][]byte{signingKey: leafText, ofRoot: rootText, mokCert: rootCert.Raw}, err
}

// newLeaf is a certificate of a key that signs modules, which does not outlive its root.
func newLeaf(public crypto.PublicKey, name string, days int, now time.Time, root *x509.Certificate, rootKey crypto.Signer) (*x509.Certificate, error) {
	days = cmp.Or(days, leafDays)
	if end := now.AddDate(0, 0, days); end.After(root.NotAfter) {
		return nil, fmt.Errorf("a certificate of %d days would outlive that of its root, which ends on %s", days, day(root.NotAfter))
	}
	return signing.Leaf(public, signing.Subject{Name: name, From: now, Days: days}, root, rootKey)
}
