package main

import (
	"fmt"
	"os"
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

// README.md is short, and has the commands and exit codes of the program.
func TestReadme(t *testing.T) {
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	readme := strings.ReplaceAll(string(text), "`", "")
	if lines := strings.Count(readme, "\n"); lines > 200 {
		t.Errorf("README.md has %d lines", lines)
	}
	for _, node := range offered(grammar()) {
		want(t, readme, node.Name)
	}
	for _, c := range exitCodes {
		if c.code < exitHangup {
			want(t, readme, fmt.Sprintf("| %d | %s |", c.code, c.meaning))
		}
	}
}
