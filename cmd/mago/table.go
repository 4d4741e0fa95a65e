package main

import (
	"io"
	"slices"
	"strings"

	"mago/debpkg/visible"
)

// column is how one column of a table gives way where the terminal is too narrow for all.
type column struct {
	title string
	least int  // columns that it is cut to at most, 0 where it is never cut
	heads bool // of the first: where the others have no room beside it, it stands above them
	below bool // of the last: it goes below its row before others give way
	goes  int  // when it goes altogether: the lowest number first, those with 0 never
}

// gap is how many blanks are between two columns.
const gap = 2

// writeColumns writes rows in columns as wide as a terminal shows them. On a terminal of that width, unless it is 0, columns
// are cut or left out so that rows fit, and the last one goes on in further lines: below the others, where a word of it is
// wider than its column.
func writeColumns(w io.Writer, width int, columns []column, rows [][]string) error {
	rows = slices.Concat([][]string{titles(columns)}, rows)
	for _, row := range rows {
		for i := range row {
			row[i] = visible.Line(row[i])
		}
	}
	_, err := io.WriteString(w, tableOf(width, columns, rows))
	return err
}

func tableOf(width int, columns []column, rows [][]string) string {
	widths := natural(rows)
	if width > 0 {
		fewer, shorter := leaveOut(width, columns, rows)
		if columns[0].heads && total(narrowest(fewer, shorter)) > width {
			return headed(width, columns, rows)
		}
		columns, rows = fewer, shorter
		widths = fitted(width, columns, rows)
	}
	var text strings.Builder
	for _, row := range rows {
		writeRow(&text, width, widths, row)
	}
	return text.String()
}

// headed has the first column's cells above the rows that are theirs.
func headed(width int, columns []column, rows [][]string) string {
	const indent = "  "
	var rest [][]string
	for _, row := range rows {
		rest = append(rest, row[1:])
	}
	columns, rest = leaveOut(width-len(indent), columns[1:], rest)
	widths := fitted(width-len(indent), columns, rest)
	var text strings.Builder
	for i, row := range rows {
		if i == 0 || row[0] != rows[i-1][0] {
			text.WriteString(cutMiddle(row[0], width) + "\n")
		}
		var lines strings.Builder
		writeRow(&lines, width-len(indent), widths, rest[i])
		for line := range strings.Lines(lines.String()) {
			text.WriteString(indent + line)
		}
	}
	return text.String()
}

// cutMiddle shortens a cell to a number of columns: both ends tell it from others.
func cutMiddle(cell string, width int) string {
	if visible.Width(cell) <= width {
		return cell
	}
	runes := []rune(cell)
	head, tail := runes[:len(runes)/2], runes[len(runes)/2:]
	for len(tail) > 0 && visible.Width(string(head)+"…"+string(tail)) > width {
		if len(head) >= len(tail) {
			head = head[:len(head)-1]
		} else {
			tail = tail[1:]
		}
	}
	return string(head) + "…" + string(tail)
}

func titles(columns []column) (row []string) {
	for _, c := range columns {
		row = append(row, c.title)
	}
	return row
}

func writeRow(text *strings.Builder, width int, widths []int, row []string) {
	last, line, indent := len(row)-1, "", 0
	for i, cell := range row[:last] {
		if i == 0 { // what names the row
			cell = cutMiddle(cell, widths[i])
		}
		line += visible.Pad(visible.Cut(cell, widths[i]), widths[i]+gap)
		indent += widths[i] + gap
	}
	room := widths[last]
	if longest(row[last]) > room {
		text.WriteString(strings.TrimRight(line, " ") + "\n")
		indent, room, line = belowIndent, width-belowIndent, strings.Repeat(" ", belowIndent)
	}
	line += strings.ReplaceAll(visible.Wrap(row[last], room, 0), "\n", "\n"+strings.Repeat(" ", indent))
	text.WriteString(strings.TrimRight(line, " ") + "\n")
}

// belowIndent is where a cell begins that stands below its row.
const belowIndent = 4

// longest is how wide the widest word of a cell is.
func longest(cell string) (width int) {
	for word := range strings.FieldsSeq(cell) {
		width = max(width, visible.Width(word))
	}
	return width
}

// natural is how wide the columns are where all of them fit.
func natural(rows [][]string) []int {
	widths := make([]int, len(rows[0]))
	for _, row := range rows {
		for i, cell := range row {
			widths[i] = max(widths[i], visible.Width(cell))
		}
	}
	return widths
}

// narrowest is how narrow the columns may get: the last one is broken only between words.
func narrowest(columns []column, rows [][]string) []int {
	widths := natural(rows)
	for i, c := range columns {
		if c.least > 0 {
			widths[i] = min(widths[i], c.least)
		}
	}
	last := len(columns) - 1
	if columns[last].least == 0 {
		widths[last] = 0
	}
	if columns[last].below {
		return widths
	}
	for _, row := range rows {
		widths[last] = max(widths[last], min(longest(row[last]), widestWord))
	}
	return widths
}

// widestWord is for how wide a word the other columns give way.
const widestWord = 28

func total(widths []int) int {
	sum := gap * (len(widths) - 1)
	for _, width := range widths {
		sum += width
	}
	return sum
}

// leaveOut takes away the columns that even at their narrowest have no room.
func leaveOut(width int, columns []column, rows [][]string) ([]column, [][]string) {
	for total(natural(rows)) > width && total(narrowest(columns, rows)) > width {
		first := -1
		for i, c := range columns {
			if c.goes > 0 && (first < 0 || c.goes < columns[first].goes) {
				first = i
			}
		}
		if first < 0 {
			break
		}
		columns, rows = slices.Delete(slices.Clone(columns), first, first+1), slices.Clone(rows)
		for i, row := range rows {
			rows[i] = slices.Delete(slices.Clone(row), first, first+1)
		}
	}
	return columns, rows
}

// fitted shares the width out: what the narrowest columns leave goes to the first ones that want it.
func fitted(width int, columns []column, rows [][]string) []int {
	wanted, widths := natural(rows), narrowest(columns, rows)
	for i := range widths {
		more := min(wanted[i]-widths[i], width-total(widths))
		widths[i] += max(more, 0)
	}
	last := len(widths) - 1
	widths[last] = max(widths[last]-max(total(widths)-width, 0), 1)
	for over := total(widths) - width; over > 0; over-- {
		if widest := slices.Index(widths, slices.Max(widths)); widths[widest] > 1 {
			widths[widest]--
		}
	}
	return widths
}
