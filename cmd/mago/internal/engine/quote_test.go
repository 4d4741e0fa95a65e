package engine

import "testing"

// What hints say can be pasted into a shell, which reads it back as it was.
func TestPasted(t *testing.T) {
	for word, want := range map[string]string{
		"6.1.0-9-amd64": "6.1.0-9-amd64", "/usr/src/linux-headers-6.1.0-9-amd64": "/usr/src/linux-headers-6.1.0-9-amd64", "": "''",
		"a b": "'a b'", "$(id)": "'$(id)'", "a'b": `'a'\''b'`, "~root": "'~root'", "x;y": "'x;y'", "*": "'*'", "a\nb": "'a\nb'",
	} {
		if got := Pasted(word); got != want {
			t.Errorf("%q: got %s, want %s", word, got, want)
		}
	}
}
