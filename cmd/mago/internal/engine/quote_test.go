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

// An archive may call its directories what it likes: no name of one is a shell's syntax in what is to be pasted.
func TestPastedPaths(t *testing.T) {
	on := System{AsRoot: true, NoSudo: true}
	const want = `mkdir d.tar.d && tar -xf /d.tar -C d.tar.d && mago auto-install './d.tar.d/a;id;*' './d.tar.d/b c' ./d.tar.d/d`
	if got := on.UnpackedBy("/d.tar", "a;id;*", "b c", "d"); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}
