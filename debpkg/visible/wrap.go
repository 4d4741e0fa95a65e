package visible

import "strings"

// Wrap breaks a line at blanks into lines of at most so many columns, all but the first indented. What stands between
// double quotes stays whole, so that it can be pasted; so does a word that is wider than a line. One that only has no room
// behind the indentation begins further left. With width 0 nothing is broken.
func Wrap(line string, width, indent int) string {
	if width <= 0 || Width(line) <= width {
		return line
	}
	text, column := "", 0
	for i, word := range words(line) {
		wide := Width(word)
		switch {
		case i == 0:
		case column+1+wide > width && (column > indent || wide <= width):
			column = max(min(indent, width-wide), 0)
			text = strings.TrimRight(text, " ") + "\n" + strings.Repeat(" ", column)
			if word == "" {
				continue // of several blanks at a break
			}
		default:
			text += " "
			column++
		}
		text += word
		column += wide
	}
	return text
}

// words parts a line at each blank that is not between double quotes. A quote that is not closed quotes nothing.
func words(line string) []string {
	var all []string
	begin, quoted := 0, false
	for i, r := range line {
		switch {
		case r == '"':
			quoted = !quoted && strings.Contains(line[i+1:], `"`)
		case r == ' ' && !quoted:
			all = append(all, line[begin:i])
			begin = i + 1
		}
	}
	return append(all, line[begin:])
}
