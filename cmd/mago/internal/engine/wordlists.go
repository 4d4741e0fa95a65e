package engine

import (
	"errors"
	"os"
	"strings"
)

// Lists splits option values as module-assistant does: at commas, blanks and newlines.
func Lists(values ...string) []string {
	return strings.FieldsFunc(strings.Join(values, ","), func(r rune) bool { return strings.ContainsRune(", \t\n", r) })
}

// ListOrPath takes a value that exists as a path for that one path, whatever characters it has, and else for a list.
func ListOrPath(value string) []string {
	if _, err := os.Stat(value); err == nil {
		return []string{value}
	}
	return Lists(value)
}

var ErrNothingNamed = errors.New("no module named")
