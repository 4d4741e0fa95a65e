// Package word has a type for each kind of word that comes from files which others write and that goes on into command
// lines, file names, control fields and scripts. A value is made by parsing alone, so that whoever has one need not look at
// it again: it is not an option, not a pattern and not a path that leads elsewhere, and a shell takes it for what it is. The
// package imports nothing of mago.
package word

import (
	"fmt"
	"slices"
	"strings"
)

// word is a text of the grammar that G has; the zero value is no word at all. Words of different kinds are different
// types, and none can be converted into another.
type word[G grammar] struct {
	_    [0]G
	text string
}

// grammar is what tells words of one kind. Its implementations have no fields.
type grammar interface {
	comparable
	rules() rules
}

// String is the word as it was read, "" for the zero value.
func (w word[G]) String() string { return w.text }

// IsZero reports whether there is no word.
func (w word[G]) IsZero() bool { return w.text == "" }

// MarshalText has records and indexes hold the word as it is.
func (w word[G]) MarshalText() ([]byte, error) { return []byte(w.text), nil }

// UnmarshalText parses, so that what a file holds is checked while it is read. An empty text is the zero value.
func (w *word[G]) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*w = word[G]{}
		return nil
	}
	parsed, err := parse[G](string(text))
	if err == nil {
		*w = parsed
	}
	return err
}

func parse[G grammar](text string) (word[G], error) {
	var g G
	r := g.rules()
	if why := r.broken(text); why != "" {
		return word[G]{}, &Error{Kind: r.kind, Text: text, Why: why}
	}
	return word[G]{text: text}, nil
}

// Error says that a text is not a word of its kind.
type Error struct {
	Kind string // such as "package name"
	Text string // whole, as it was found
	Why  string // the grammar, or the part of it that is broken
}

// maxShown bounds, in bytes, what an error quotes.
const maxShown = 60

func (e *Error) Error() string {
	text, more := e.Text, ""
	if len(text) > maxShown {
		text, more = text[:maxShown], "…"
	}
	return fmt.Sprintf("%s %q%s: %s", e.Kind, text, more, e.Why)
}

// Strings gives words as the arguments of a program.
func Strings[W fmt.Stringer](words ...W) []string {
	texts := make([]string, len(words))
	for i, w := range words {
		texts[i] = w.String()
	}
	return texts
}

// Sort orders words by their texts.
func Sort[W fmt.Stringer](words []W) {
	slices.SortFunc(words, func(a, b W) int { return strings.Compare(a.String(), b.String()) })
}

// Join is the words with a separator between them.
func Join[W fmt.Stringer](words []W, separator string) string {
	return strings.Join(Strings(words...), separator)
}

// Must is for words that stand in the program itself; it panics where one is wrong.
func Must[W any](w W, err error) W {
	if err != nil {
		panic(err)
	}
	return w
}
