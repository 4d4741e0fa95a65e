package pkcs11

import (
	"bytes"
	"errors"
	"reflect"
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	for text, want := range map[string]URI{
		"pkcs11:": {Module: Proxy},
		"pkcs11:token=My%20token%3b;manufacturer=piv_II;model=PKCS%2315;serial=0a:1;object=k;type=private;id=%00%01": {
			Wanted{"My token;", "piv_II", "PKCS#15", "0a:1", "k", []byte{0, 1}}, Proxy, ""},
		"pkcs11:id=%01?module-path=/usr/lib/x.so&pin-source=file:/root/pin": {Wanted{ID: []byte{1}}, "/usr/lib/x.so", "/root/pin"},
		"pkcs11:type=cert?pin-source=file:///root/a%20pin":                  {Module: Proxy, PINSource: "/root/a pin"},
		"pkcs11:?pin-source=file://localhost/pin":                           {Module: Proxy, PINSource: "/pin"},
		"pkcs11:?pin-source=/pin":                                           {Module: Proxy, PINSource: "/pin"},
		"pkcs11:token=a&b=c?module-path=/m":                                 {Wanted{Token: "a&b=c"}, "/m", ""},
	} {
		if got, err := Parse(text); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %+v, %v", text, got, err)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for text, want := range map[string]string{
		"/a/key":                           "the pkcs11: URI begins with pkcs11: and this does not",
		"pkcs11:token=a b":                 "the pkcs11: URI has a blank in it",
		"pkcs11:token":                     "the pkcs11: URI has a part without a value",
		"pkcs11:token=a;":                  "the pkcs11: URI has a part without a value",
		"pkcs11:token=%4":                  "the pkcs11: URI has a wrong escape in its token",
		"pkcs11:token=a;token=b":           "the pkcs11: URI says token twice",
		"pkcs11:object=%00":                "the pkcs11: URI has a byte 0 in its object",
		"pkcs11:type=secret-key":           "the pkcs11: URI names a thing of another type than private or cert",
		"pkcs11:slot-id=1":                 `the pkcs11: URI has the attribute "slot-id", which mago does not look at`,
		"pkcs11:tokem=a":                   `the pkcs11: URI has the attribute "tokem", which mago does not look at`,
		"pkcs11:?module-path=lib/x.so":     "the pkcs11: URI has a module-path that is not absolute",
		"pkcs11:?module-name=x":            `the pkcs11: URI has the attribute "module-name", which mago does not look at`,
		"pkcs11:?pin-source=|/bin/pin":     "the pkcs11: URI has a pin-source that is not a file",
		"pkcs11:?pin-source=file://host/x": "the pkcs11: URI has a pin-source that is not a file",
		"pkcs11:token=a?pin-value=1234":    "the pkcs11: URI has the PIN in it, where everybody can read it",
	} {
		var wrong *URIError
		if _, err := Parse(text); !errors.As(err, &wrong) || err.Error() != want {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func TestShown(t *testing.T) {
	for uri, want := range map[string]string{
		"pkcs11:token=a":                            "pkcs11:token=a",
		"pkcs11:token=a?pin-value=1234":             "pkcs11:token=a?pin-value=...",
		"pkcs11:?module-path=/m&pin-value=1234&x=y": "pkcs11:?module-path=/m&pin-value=...&x=y",
	} {
		if got := Shown(uri); got != want {
			t.Errorf("%s is shown as %s", uri, got)
		}
	}
}

// What is parsed is parsed alike when it is written again, and no error has the PIN.
func FuzzParse(f *testing.F) {
	f.Add("pkcs11:token=My%20token;id=%01;object=k?module-path=/m&pin-source=file:/pin")
	f.Add("pkcs11:token=a?pin-value=1234")
	f.Add("pkcs11:serial=%ff;model=%;x")
	f.Fuzz(func(t *testing.T, text string) {
		u, err := Parse(text)
		if err != nil {
			if _, pin, ok := strings.Cut(text, "pin-value="); ok && len(pin) > 7 && strings.Contains(err.Error(), pin) {
				t.Errorf("%q: %v", text, err)
			}
			return
		}
		again, err := Parse(Scheme + u.Wanted.String())
		if err != nil || !reflect.DeepEqual(again.Wanted, u.Wanted) && len(u.ID) > 0 {
			t.Errorf("%q: %+v; again %+v, %v", text, u, again, err)
		}
	})
}

func FuzzReadMessage(f *testing.F) {
	var whole bytes.Buffer
	_ = WriteMessage(&whole, Reply{Err: &Error{Kind: NoKey}, PIN: PINAsked, Others: [][]byte{{1}}})
	f.Add(whole.Bytes())
	f.Add([]byte("\x00\x00\x00\x02{}"))
	f.Add([]byte("\xff\xff\xff\xff{}"))
	f.Fuzz(func(t *testing.T, text []byte) {
		var r Reply
		if ReadMessage(bytes.NewReader(text), &r) == nil && len(text) < 4 {
			t.Errorf("%q is read as %+v", text, r)
		}
		if r.Err != nil {
			_, _ = r.Err.Error(), r.Err.Hint()
		}
	})
}
