package pkcs11_test

import (
	"strings"
	"testing"

	"mago/kbuild/signing/pkcs11"
)

func TestErrorText(t *testing.T) {
	for _, c := range []struct {
		of         pkcs11.Error
		text, hint string
	}{
		{pkcs11.Error{Kind: pkcs11.NoToken}, "no token is there: is it plugged in?", "p11tool"},
		{pkcs11.Error{Kind: pkcs11.NoToken, Key: pkcs11.Wanted{Object: "k"}}, "no token is there: is it plugged in?", "p11tool"},
		{pkcs11.Error{Kind: pkcs11.NoToken, Key: pkcs11.Wanted{Token: "t"}, Others: []string{"u"}}, "the token t is not there: is it plugged in?; there are u", "p11tool"},
		{pkcs11.Error{Kind: pkcs11.NoModule, What: "/m: C_Initialize: CKR_GENERAL_ERROR"}, "the PKCS #11 module cannot be used: /m: C_Initialize: CKR_GENERAL_ERROR", "pcscd"},
		{pkcs11.Error{Kind: pkcs11.NoModule, What: "/m is not one"}, "the PKCS #11 module cannot be used: /m is not one", "p11-kit list-modules"},
	} {
		if got := c.of.Error(); got != c.text || !strings.Contains(c.of.Hint(), c.hint) {
			t.Errorf("%q, %q", got, c.of.Hint())
		}
	}
}
