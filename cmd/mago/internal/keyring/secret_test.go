package keyring

import (
	"errors"
	"strings"
	"testing"
)

func TestReadPassphrase(t *testing.T) {
	for text, want := range map[string]string{
		"secret": "secret", "secret\n": "secret", "secret\r\n": "secret", "two words \nmore\n": "two words ",
		"": "", "\n": "", "\r\n": "", "\nsecret\n": "",
	} {
		got, err := ReadPassphrase(strings.NewReader(text), "f")
		if string(got) != want || errors.As(err, new(*EmptyPassphraseError)) != (want == "") {
			t.Errorf("%q: %q, %v", text, got, err)
		}
	}
}
