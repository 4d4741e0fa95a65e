package engine

import (
	"regexp"

	"mago/cmd/mago/internal/modpkg"
)

// plainWord matches a word that a shell reads as it is.
var plainWord = regexp.MustCompile(`^[A-Za-z0-9+._/:,-][A-Za-z0-9+._/:,~=-]*$`)

// Pasted is a word as a hint has it, which may be pasted into a shell: quoted where it is more than letters and the like.
func Pasted(word string) string {
	if plainWord.MatchString(word) {
		return word
	}
	return modpkg.Quoted(word)
}
