// Package visible makes foreign text fit for a terminal: what is in package lists, file names or a compiler's messages can
// neither command it, nor hide, nor turn the direction of writing. U+FFFD stands in the place of each such character, and
// of each byte that is not UTF-8.
package visible

import (
	"strings"
	"unicode"
)

// Replacement stands for what cannot be shown as it is.
const Replacement = unicode.ReplacementChar

// Line is text in one line: its tabs are blanks, and its line ends are replaced like any other control character.
func Line(text string) string {
	return strings.Map(func(r rune) rune {
		if r == '\t' {
			return ' '
		}
		return shown(r)
	}, text)
}

// Folded is Line for a field whose value goes on in further lines, as control files have them: each line end with the
// blanks around it is one blank.
func Folded(text string) string {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		lines[i] = strings.Trim(line, " \t")
	}
	return Line(strings.Join(lines, " "))
}

// shown is a character that people see as it is, and else Replacement: letters, marks, digits, punctuation, symbols and
// blanks are, but for those that are made to be invisible.
func shown(r rune) rune {
	if !unicode.IsGraphic(r) || unicode.Is(unicode.Other_Default_Ignorable_Code_Point, r) {
		return Replacement
	}
	return r
}
