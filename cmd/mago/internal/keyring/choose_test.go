package keyring

import (
	"strings"
	"testing"
)

func TestOffer(t *testing.T) {
	for _, c := range []struct{ keys, lacking, want string }{
		{"", "", ""},
		{"mago configuration", "mago configuration", ""},
		{"shim-signed dkms", "shim-signed dkms", "dkms"},
		{"shim-signed dkms", "shim-signed", "shim-signed"},
		{"dkms", "", ""},
	} {
		var keys []Key
		for name := range strings.FieldsSeq(c.keys) {
			keys = append(keys, Key{Origin: Origin(name)})
		}
		k, ok := Offer(keys, func(k Key) bool { return strings.Contains(c.lacking, string(k.Origin)) })
		if string(k.Origin) != c.want || ok != (c.want != "") {
			t.Errorf("of %q where %q are to be enrolled: %s", c.keys, c.lacking, k.Origin)
		}
	}
}

func TestChoose(t *testing.T) {
	for _, c := range []struct{ keys, enrolled, want string }{
		{"", "", ""},
		{"mago dkms", "dkms", "mago"},
		{"dkms mago configuration", "dkms mago", "configuration"},
		{"dkms", "", ""},
		{"dkms", "dkms", "dkms"},
		{"dkms shim-signed", "shim-signed", "shim-signed"},
		{"shim-signed dkms", "shim-signed dkms", "dkms"},
	} {
		var keys []Key
		for name := range strings.FieldsSeq(c.keys) {
			keys = append(keys, Key{Origin: Origin(name)})
		}
		k, ok := Choose(keys, func(k Key) bool { return strings.Contains(c.enrolled, string(k.Origin)) })
		if string(k.Origin) != c.want || ok != (c.want != "") {
			t.Errorf("of %q with %q enrolled: %s", c.keys, c.enrolled, k.Origin)
		}
	}
}
