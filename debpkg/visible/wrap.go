package visible

import "strings"

// Wrap breaks a line at blanks into lines of at most so many columns, all but the first indented. What stands between
// double quotes stays whole, so that it can be pasted; so does a word that is wider than a line. With width 0 nothing is
// broken.
func Wrap(line string, width, indent int) string {
	if width <= 0 || Width(line) <= width {
		return line
	}
	var text strings.Builder
	column := 0
	for i, word := range words(line) {
		wide := Width(word)
		switch {
		case i == 0:
		case column+1+wide > width && column > indent:
			text.WriteString("\n" + strings.Repeat(" ", indent))
			column = indent
			if word == "" {
				continue // of several blanks at a break
			}
		default:
			text.WriteByte(' ')
			column++
		}
		text.WriteString(word)
		column += wide
	}
	return text.String()
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
