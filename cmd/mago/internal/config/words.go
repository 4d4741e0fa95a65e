package config

import (
	"errors"
	"strings"
)

// splitWords parts words at blanks as a shell does that expands nothing: between quotes blanks stay, and a backslash, but
// between single quotes, takes its meaning from the character behind it.
func splitWords(text string) (all []string, err error) {
	var w wordSplitter
	for _, r := range text {
		w.take(r)
	}
	if w.quote != 0 || w.escaped {
		return nil, errors.New("a quote or a backslash is open at its end")
	}
	w.end()
	return w.words, nil
}

// wordSplitter is how far splitWords is.
type wordSplitter struct {
	words   []string
	word    strings.Builder
	begun   bool // whether there is a word, which may be empty
	quote   rune // the open one, 0 for none
	escaped bool // whether a backslash came before
}

func (w *wordSplitter) take(r rune) {
	switch {
	case w.escaped:
		if w.quote == '"' && !strings.ContainsRune("\"\\$`\n", r) {
			w.word.WriteRune('\\')
		}
		if w.escaped = false; r != '\n' {
			w.put(r)
		}
	case r == '\\' && w.quote != '\'':
		w.escaped = true
	case w.quote != 0 && r == w.quote:
		w.quote = 0
	case w.quote != 0:
		w.put(r)
	case r == '\'' || r == '"':
		w.quote, w.begun = r, true
	case strings.ContainsRune(" \t\n", r):
		w.end()
	default:
		w.put(r)
	}
}

func (w *wordSplitter) put(r rune) {
	w.word.WriteRune(r)
	w.begun = true
}

func (w *wordSplitter) end() {
	if w.begun {
		w.words = append(w.words, w.word.String())
	}
	w.word.Reset()
	w.begun = false
}
