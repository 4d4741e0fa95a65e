package main

import (
	"io"
	"os"
	"strings"
	"testing"

	"mago/cmd/mago/internal/engine"
)

// Steps of several units need not end in the order in which they began: the live line is always of one that lasts, and of none
// once all have ended.
func TestWorkersLiveLine(t *testing.T) {
	shown, terminal, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	s := &screen{out: newStream("standard output", terminal, nil), live: true}
	s.out.terminal = terminal
	r := newRender(s, terminal)
	r.event(engine.Event{Kind: engine.Begin, Phase: "build", Text: "first", Step: 1})
	r.event(engine.Event{Kind: engine.Begin, Phase: "build", Text: "second", Step: 2})
	r.event(engine.Event{Kind: engine.End, Step: 1, Text: "first is built"})
	r.event(engine.Event{Kind: engine.Note, Phase: "note", Text: "a note"})
	r.event(engine.Event{Kind: engine.End, Step: 2, Text: "second is built"})
	r.event(engine.Event{Kind: engine.Note, Phase: "note", Text: "the last"})
	terminal.Close()
	text, err := io.ReadAll(shown)
	if err != nil {
		t.Fatal(err)
	}
	seen := strings.Split(string(text), clearBelow)
	for _, above := range []string{"build    first is built\n", "note     a note\n"} {
		found := false
		for _, part := range seen {
			if rest, ok := strings.CutPrefix(part, above); ok {
				found = strings.HasPrefix(strings.TrimPrefix(rest, unbroken), "build    second")
			}
		}
		if !found {
			t.Errorf("no live line of the second below %q in %q", above, seen)
		}
	}
	if last := seen[len(seen)-1]; last != "build    second is built\nnote     the last\n" {
		t.Errorf("in the end: %q", last)
	}
}
