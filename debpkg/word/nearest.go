package word

import (
	"slices"
	"strings"
)

// longestWord is more than the longest that is ever meant has letters.
const longestWord = 40

// Nearest is the one of some words that another was meant for, "" where none is or several may be. Where more than a letter
// differs, or the words are short, they have to begin alike: "unbuild" is never taken for "build", nor "set" for "get".
func Nearest(typed string, among []string) string {
	best, found, several := 3, "", false
	if len(typed) > longestWord {
		return ""
	}
	for _, one := range among {
		switch d := Distance(typed, one); {
		case d > best || !alike(typed, one, d):
		case d == best && one != found:
			several = true
		default:
			best, found, several = d, one, false
		}
	}
	if several {
		return ""
	}
	return found
}

// alike reports whether words of a distance are near enough for their length.
func alike(a, b string, distance int) bool {
	switch short := min(len(a), len(b)); {
	case short < 3 || distance > 2:
		return false
	case distance == 2:
		return short > 4 && a[:2] == b[:2]
	case short == 3:
		return a[0] == b[0]
	}
	return true
}

// Completed is the only one of some words that begins with what was typed, "" where none does or several do.
func Completed(typed string, among []string) string {
	begins := func(word string) bool { return strings.HasPrefix(word, typed) }
	i := slices.IndexFunc(among, begins)
	if len(typed) < 3 || i < 0 || slices.ContainsFunc(among[i+1:], begins) {
		return ""
	}
	return among[i]
}

// Distance counts the letters to add, drop, change, or swap with the next one, that make one word of another.
func Distance(a, b string) int {
	above, row := make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		next := make([]int, len(b)+1)
		next[0] = i + 1
		for j := range len(b) {
			change := row[j]
			if a[i] != b[j] {
				change++
			}
			next[j+1] = min(row[j+1]+1, next[j]+1, change)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				next[j+1] = min(next[j+1], above[j-1]+1)
			}
		}
		above, row = row, next
	}
	return row[len(b)]
}
