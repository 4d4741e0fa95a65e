package keyring

import (
	"strings"
	"testing"
)

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
