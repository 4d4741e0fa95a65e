package word

import (
	"fmt"
	"strings"
)

// rules tell the words of one kind by their characters, all of them ASCII.
type rules struct {
	kind  string
	why   string                   // what such a word is, for who wrote another
	first string                   // what it may begin with
	rest  string                   // what may follow
	least int                      // bytes; 0 is 1
	most  int                      // bytes
	more  func(text string) string // "" where it breaks no further rule
}

const (
	lower   = "abcdefghijklmnopqrstuvwxyz"
	upper   = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	digits  = "0123456789"
	letters = lower + upper
)

// broken says which rule a text breaks, "" where it is a word.
func (r rules) broken(text string) string {
	switch {
	case len(text) > r.most:
		return fmt.Sprintf("longer than %d bytes", r.most)
	case !r.spelled(text):
		return r.why
	case r.more != nil:
		return r.more(text)
	}
	return ""
}

func (r rules) spelled(text string) bool {
	return len(text) >= max(r.least, 1) && strings.IndexByte(r.first, text[0]) >= 0 && !foreign(text[1:], r.rest)
}

// foreign reports whether a text has another byte than those allowed.
func foreign(text, allowed string) bool {
	for i := range len(text) {
		if strings.IndexByte(allowed, text[i]) < 0 {
			return true
		}
	}
	return false
}
