package dkms

import "testing"

func TestLiteral(t *testing.T) {
	for text, want := range map[string][2]string{
		"PACKAGE_NAME=hello\nPACKAGE_VERSION=\"1.0\" # the first\n": {"hello", "1.0"},
		"PACKAGE_NAME='hello'\nPACKAGE_NAME=$(name)\n":              {"", ""},
		"PACKAGE_VERSION=1\nPACKAGE_VERSION=2\n":                    {"", "2"},
		"PACKAGE_VERSION=#MODULE_VERSION#\n":                        {"", ""},
		"PACKAGE_VERSION=1\nPACKAGE_VERSION+=.2\n":                  {"", ""},
		"": {"", ""},
	} {
		if name, version := Literal(text); name != want[0] || version != want[1] {
			t.Errorf("%q: got %q %q", text, name, version)
		}
	}
}
