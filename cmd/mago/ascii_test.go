package main

import (
	"testing"

	"mago/cmd/mago/internal/engine"
)

func TestInUTF8(t *testing.T) {
	for _, c := range []struct {
		all, ctype, lang string
		want             bool
	}{
		{"", "", "", false},
		{"", "", "C.UTF-8", true},
		{"", "", "de_DE", false},
		{"", "de_DE.utf8", "C", true},
		{"C", "de_DE.utf8", "C.UTF-8", false},
		{"POSIX", "", "", false},
	} {
		t.Setenv("LC_ALL", c.all)
		t.Setenv("LC_CTYPE", c.ctype)
		t.Setenv("LANG", c.lang)
		if got := inUTF8(); got != c.want {
			t.Errorf("LC_ALL=%s LC_CTYPE=%s LANG=%s: got %v", c.all, c.ctype, c.lang, got)
		}
	}
}

// TestASCII: a terminal that is not one of UTF-8 gets lines and live lines as wide as another, in ASCII.
func TestASCII(t *testing.T) {
	for locale, want := range map[string]string{
		"C.UTF-8": "source   Größe 漢字\nmittellang…0-56-amd64  1/2\n0 of 2, 1 running\n",
		"C":       "source   Gr??e ????\nmittellang~0-56-amd64  1/2\n0 of 2, 1 running\n",
	} {
		t.Setenv("LC_ALL", locale)
		r, shown := board(t, 27, 24)
		r.screen.line("source   Größe 漢字")
		m := &matrix{units: 2}
		m.step(of("mittellang", "6.1.0-56-amd64", engine.Event{Kind: engine.Begin, Phase: "build", Files: 1, OfFiles: 2}))
		r.screen.aside(func() { r.screen.matrix = m })
		r.screen.drawn.print("")
		close(r.screen.drawn.ended)
		r.screen.drawn.drawn.Wait()
		if got := shown(); got != want {
			t.Errorf("%s: got %q, want %q", locale, got, want)
		}
	}
}
