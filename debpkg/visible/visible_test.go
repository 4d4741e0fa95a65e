package visible

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

// hostile has what a terminal would take for a command, and what hides or turns text.
var hostile = []string{
	"\x1b[2J", "\x1b]0;title\a", "\u009b2J", "\x9b2J", "\x7f", "\r", "\x00", "\b\b\b", "\xff", "\xed\xa0\x80", "\u202eko.elif", "\u2066", "\u200b", "\ufeff",
	"\u00ad", "\u2028", "\u2029", "\u0600", "\U000e0041", "\u3164", "\u034f", "\ue000", "\ufffe",
}

// commands finds what must not reach a terminal.
func commands(text string) bool {
	return !utf8.ValidString(text) || strings.ContainsFunc(text, func(r rune) bool {
		return r != '\n' && r != '\t' && unicode.In(r, unicode.Cc, unicode.Cf, unicode.Cs, unicode.Co, unicode.Zl, unicode.Zp)
	})
}

func TestLine(t *testing.T) {
	for text, want := range map[string]string{
		"":               "",
		"Größe 漢字 é ™ €": "Größe 漢字 é ™ €",
		"a\tb":           "a b",
		"a\nmago: fine":  "a\ufffdmago: fine",
		"\x1b[2J\u009bJ": "\ufffd[2J\ufffdJ",
		"\xe4\x9b":       "\ufffd\ufffd",
		"a\u202eb":       "a\ufffdb",
		"a\u3164b":       "a\ufffdb",
	} {
		if got := Line(text); got != want {
			t.Errorf("Line(%q) = %q, want %q", text, got, want)
		}
	}
	for _, text := range hostile {
		if got := Line(text); commands(got) || strings.ContainsAny(got, "\n\t") {
			t.Errorf("Line(%q) = %q", text, got)
		}
	}
}

func TestFolded(t *testing.T) {
	if got, want := Folded("dkms,\n make \r,\n\tgcc"), "dkms, make \ufffd, gcc"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestWriter(t *testing.T) {
	const said = "a.c:1:\terror: ‘ä’ \x1b[31mred\x1b]0;title\a\r\n\x9b\u009b漢"
	const want = "a.c:1:\terror: ‘ä’ \ufffd[31mred\ufffd]0;title\ufffd\ufffd\n\ufffd\ufffd漢"
	for _, step := range []int{1, 2, 3, len(said)} {
		var out strings.Builder
		w := NewWriter(&out)
		for rest := said; rest != ""; rest = rest[min(step, len(rest)):] {
			p := rest[:min(step, len(rest))]
			if n, err := w.Write([]byte(p)); n != len(p) || err != nil {
				t.Errorf("Write = %d, %v", n, err)
			}
		}
		if out.String() != want {
			t.Errorf("in steps of %d: got %q, want %q", step, out.String(), want)
		}
	}
}

// TestWriterDoesNotMakeCharacters: what one writer has left unfinished is no part of what the next writes.
func TestWriterDoesNotMakeCharacters(t *testing.T) {
	var out strings.Builder
	w := NewWriter(&out)
	for _, p := range []string{"\xc2", "\x9b2J\n", "\xe2\x80", "mago: fine\n"} {
		if _, err := w.Write([]byte(p)); err != nil {
			t.Error(err)
		}
	}
	if got, want := out.String(), "\ufffd2J\n\ufffd\ufffdmago: fine\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestJSON(t *testing.T) {
	for _, text := range append(hostile, "Größe 漢字") {
		encoded, err := json.Marshal(map[string]string{"text": text})
		if err != nil {
			t.Fatal(err)
		}
		made := JSON(encoded)
		var back map[string]string
		if err := json.Unmarshal(made, &back); err != nil {
			t.Errorf("%q: %v", made, err)
		}
		if utf8.ValidString(text) && back["text"] != text {
			t.Errorf("%q comes back as %q", text, back["text"])
		}
		if commands(string(made)) {
			t.Errorf("%q is encoded as %q", text, made)
		}
	}
}

func TestWidths(t *testing.T) {
	for line, want := range map[string]int{"": 0, "abc": 3, "Größe": 5, "漢字": 4, "e\u0301": 1, "\ufffd": 1, "…": 1} {
		if got := Width(line); got != want {
			t.Errorf("Width(%q) = %d, want %d", line, got, want)
		}
	}
	for line, want := range map[string]string{"": "", "fünf5": "fünf5", "sechs6": "sech…", "ÄÖÜäöü": "ÄÖÜä…", "漢字漢": "漢字…"} {
		if got := Cut(line, 5); got != want {
			t.Errorf("Cut(%q, 5) = %q, want %q", line, got, want)
		}
	}
	if got := Pad("漢字", 6) + "|"; got != "漢字  |" {
		t.Errorf("Pad gives %q", got)
	}
	if got := Middle(strings.Repeat("ä", 50)+strings.Repeat("o", 50), 10); got != "äääää […] ooooo" {
		t.Errorf("Middle gives %q", got)
	}
}

// FuzzVisible: whatever is written, in whatever pieces, no command comes out, and plain text is as it was.
func FuzzVisible(f *testing.F) {
	for _, text := range hostile {
		f.Add([]byte("a"+text+"b"), 3)
	}
	f.Add([]byte("Größe 漢字\n\tplain"), 5)
	f.Fuzz(func(t *testing.T, text []byte, step int) {
		step = 1 + int(uint(step)%16)
		var out strings.Builder
		w := NewWriter(&out)
		for rest := text; len(rest) > 0; rest = rest[min(step, len(rest)):] {
			if _, err := w.Write(rest[:min(step, len(rest))]); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := w.Write([]byte("\n")); err != nil {
			t.Fatal(err)
		}
		got := out.String()
		if commands(got) || strings.Count(got, "\n") != strings.Count(string(text), "\n")+1 {
			t.Errorf("%q is written as %q", text, got)
		}
		if plain := string(text) + "\n"; !commands(plain) && !strings.ContainsRune(got, Replacement) && got != plain {
			t.Errorf("%q becomes %q", plain, got)
		}
		line := Line(string(text))
		if commands(line) || strings.ContainsAny(line, "\n\t") || Line(line) != line {
			t.Errorf("%q in a line is %q", text, line)
		}
	})
}

func TestWrap(t *testing.T) {
	for _, c := range []struct {
		line   string
		indent int
		want   string
	}{
		{"", 2, ""},
		{"just twenty columns.", 2, "just twenty columns."},
		{"one more than twenty.", 2, "one more than\n  twenty."},
		{"note     a few words more than fit", 9, "note     a few words\n         more than\n         fit"},
		{"漢字漢字漢字 漢字漢字", 2, "漢字漢字漢字\n  漢字漢字"},
		{"a-word-that-is-wider-than-all short", 2, "a-word-that-is-wider-than-all\n  short"},
		{"note     a-word-that-is-wider-than-all", 9, "note     a-word-that-is-wider-than-all"},
		{"headers  twelve-or-more-ok, two", 9, "headers\n  twelve-or-more-ok,\n         two"},
		{`see: run "mago list" or "mago show x"`, 2, "see: run \"mago list\"\n  or \"mago show x\""},
		{`a quote " that nobody has closed`, 2, "a quote \" that\n  nobody has closed"},
	} {
		if got := Wrap(c.line, 20, c.indent); got != c.want {
			t.Errorf("Wrap(%q) = %q, want %q", c.line, got, c.want)
		}
	}
	if long := strings.Repeat("a word ", 50); Wrap(long, 0, 2) != long {
		t.Error("width 0 breaks a line")
	}
}
