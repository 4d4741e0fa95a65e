package main

import (
	"io"
	"strings"

	"mago/debpkg/visible"
)

// writeTable writes rows in columns that are two blanks apart, as wide as a terminal shows them.
func writeTable(w io.Writer, rows [][]string) error {
	var widths []int
	for _, row := range rows {
		for i, cell := range row {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			row[i] = visible.Line(cell)
			widths[i] = max(widths[i], visible.Width(row[i]))
		}
	}
	var text strings.Builder
	for _, row := range rows {
		for i, cell := range row[:len(row)-1] {
			text.WriteString(visible.Pad(cell, widths[i]+2))
		}
		text.WriteString(row[len(row)-1] + "\n")
	}
	_, err := io.WriteString(w, text.String())
	return err
}
