package visible

import (
	"strings"

	"github.com/mattn/go-runewidth"
)

// cells counts as terminals do; what East Asian fonts alone make wide is narrow, whatever the locale.
var cells = runewidth.Condition{StrictEmojiNeutral: true}

// Width is how many columns of a terminal a line takes.
func Width(line string) int {
	width := 0
	for _, r := range line {
		width += cells.RuneWidth(r)
	}
	return width
}

// Cut shortens a line to a number of columns; one that was longer ends with an ellipsis.
func Cut(line string, width int) string {
	if Width(line) <= width {
		return line
	}
	left := width - 1
	for i, r := range line {
		if left -= cells.RuneWidth(r); left < 0 {
			return line[:i] + "…"
		}
	}
	return line
}

// Pad fills a line with blanks to a number of columns.
func Pad(line string, width int) string {
	return line + strings.Repeat(" ", max(width-Width(line), 0))
}

// Middle shortens a line to about so many characters: what is in its middle is left out.
func Middle(line string, most int) string {
	runes := []rune(line)
	if len(runes) <= most {
		return line
	}
	return string(runes[:most/2]) + " […] " + string(runes[len(runes)-most/2:])
}
