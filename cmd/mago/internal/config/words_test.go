package config

import (
	"bytes"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

func TestSplitWords(t *testing.T) {
	for text, want := range map[string][]string{
		"":                     nil,
		" a  b\tc ":            {"a", "b", "c"},
		`X="a b" 'c d'e`:       {"X=a b", "c de"},
		`'' ""`:                {"", ""},
		`a\ b "a\b\"c" 'a\b'`:  {"a b", `a\b"c`, `a\b`},
		`KCFLAGS=-DX='"a\ b"'`: {`KCFLAGS=-DX="a\ b"`},
	} {
		if got, err := splitWords(text); err != nil || !slices.Equal(got, want) {
			t.Errorf("%q: %q, %v; want %q", text, got, err, want)
		}
	}
	for _, text := range []string{`'a`, `"a`, `a\`, `"a\"`} {
		if got, err := splitWords(text); err == nil {
			t.Errorf("%q: %q", text, got)
		}
	}
}

// FuzzSplitWords asks bash, of texts that have none of the characters that mean more to it.
func FuzzSplitWords(f *testing.F) {
	f.Add(`X="a b" 'c d'e a\ b "a\b\"c"`)
	f.Fuzz(func(t *testing.T, text string) {
		if strings.ContainsAny(text, "$`!#&|;<>(){}[]*?~\n\r\v\f\x00") || strings.ContainsFunc(text, func(r rune) bool { return r > '~' || r == '\uFFFD' }) {
			t.Skip("bash would expand it")
		}
		got, err := splitWords(text)
		out, failed := exec.Command("bash", "-f", "-c", "set -- "+text+"\nfor w; do printf '%s\\0' \"$w\"; done").Output()
		if err != nil || failed != nil {
			return // bash takes a backslash at the end for a line that goes on
		}
		var want []string
		for word := range bytes.SplitSeq(out, []byte{0}) {
			want = append(want, string(word))
		}
		if want = want[:len(want)-1]; !slices.Equal(got, want) {
			t.Errorf("%q: %q, bash has %q", text, got, want)
		}
	})
}
