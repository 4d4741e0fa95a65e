package main

import (
	"strings"
	"testing"
)

// Whatever the command tree has, the manual page and the completion have.
func TestManIsComplete(t *testing.T) {
	var page, completion strings.Builder
	if err := writeMan(&page); err != nil {
		t.Fatal(err)
	}
	if err := writeCompletion(&completion); err != nil {
		t.Fatal(err)
	}
	for _, flag := range grammar().Flags {
		want(t, page.String(), manFlag(flag), troff(flag.Help))
		if offers := strings.Contains(completion.String(), " --"+flag.Name); offers == weakens(flag) {
			t.Errorf("offers --%s: %t", flag.Name, offers)
		}
	}
	for _, node := range offered(grammar()) {
		want(t, page.String(), manSynopsis(node)+"\n"+troff(node.Help))
		want(t, completion.String(), " "+node.Name+" ")
		for _, alias := range node.Aliases {
			want(t, completion.String(), " "+alias)
		}
		for _, flag := range node.Flags {
			want(t, page.String(), troff("--"+flag.Name))
		}
	}
}

func want(t *testing.T, text string, parts ...string) {
	t.Helper()
	words := strings.NewReplacer("'", " ", "\n", " ").Replace(text)
	for _, part := range parts {
		if !strings.Contains(text, part) && !strings.Contains(words, part) {
			t.Errorf("no %q", part)
		}
	}
}

func TestTroff(t *testing.T) {
	for text, want := range map[string]string{
		"": "", "a-b": `a\-b`, `\fB`: `\efB`, ".TH": `\&.TH`, "'tis": `\&'tis`,
	} {
		if got := troff(text); got != want {
			t.Errorf("troff(%q) = %q, want %q", text, got, want)
		}
	}
}
