package main

import (
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"

	"mago/kbuild/signing"
	"mago/kbuild/signing/pkcs11"
)

// onToken is mago-pkcs11 with a token whose key is in $WORK/token.key, if that is there. Its PIN is 1234; after as many signatures as
// $WORK/token.gone says it is pulled out.
func onToken(*world, []string) error {
	file := func(name string) string { return filepath.Join(os.Getenv("WORK"), name) }
	text, err := os.ReadFile(file("token.key"))
	absent := errors.Is(err, fs.ErrNotExist)
	for left := signaturesLeft(file("token.gone")); ; {
		var q pkcs11.Request
		if pkcs11.ReadMessage(os.Stdin, &q) != nil {
			return nil
		}
		r := pkcs11.Reply{Token: pkcs11.Wanted{Token: "mago"}, PIN: pkcs11.PINAsked}
		switch {
		case absent:
			r.Err = &pkcs11.Error{Kind: pkcs11.NoToken, Others: []string{"another"}}
		case q.Op == pkcs11.OpLogin && string(q.PIN) != "1234":
			r.Err = &pkcs11.Error{Kind: pkcs11.WrongPIN, Tries: ": one try is left"}
		case q.Op == pkcs11.OpSign && left == 0:
			r.Err = &pkcs11.Error{Kind: pkcs11.Gone, What: "CKR_DEVICE_REMOVED"}
		default:
			left, err = left-1, answerFromFile(q, &r, text)
		}
		if q.Op != pkcs11.OpSign {
			err = errors.Join(err, note("token "+q.Op))
			left++
		}
		if err = errors.Join(err, pkcs11.WriteMessage(os.Stdout, r)); err != nil {
			return err
		}
	}
}

func signaturesLeft(file string) int {
	text, _ := os.ReadFile(file)
	if n, err := strconv.Atoi(string(text)); err == nil {
		return n
	}
	return 1 << 30
}

func answerFromFile(q pkcs11.Request, r *pkcs11.Reply, text []byte) error {
	key, err := signing.ParseKey(text, nil)
	if err != nil {
		return err
	}
	c, err := signing.ParseCertificate(text)
	if err != nil {
		return err
	}
	r.Certificate = c.Raw
	if q.Op == pkcs11.OpSign {
		r.Signature, err = rsa.SignPKCS1v15(rand.Reader, key.(*rsa.PrivateKey), 0, q.Data)
	}
	return err
}
