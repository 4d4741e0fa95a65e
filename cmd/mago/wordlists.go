package main

import (
	"errors"
	"os"
	"strings"
)

// lists splits option values as module-assistant does: at commas, blanks and newlines.
func lists(values ...string) []string {
	return strings.FieldsFunc(strings.Join(values, ","), func(r rune) bool { return strings.ContainsRune(", \t\n", r) })
}

// listOrPath takes a value that exists as a path for that one path, whatever characters it has, and else for a list.
func listOrPath(value string) []string {
	if _, err := os.Stat(value); err == nil {
		return []string{value}
	}
	return lists(value)
}

var errNothingNamed = errors.New("no module named")
