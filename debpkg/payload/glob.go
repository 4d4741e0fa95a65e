package payload

import (
	"errors"
	"fmt"
	"path"
	"strings"
)

// Glob is a pattern of absolute paths. Each component matches one component, as path.Match does (*, ?, [a-z], a backslash
// takes the next character as it is); ** as a whole component matches any number of them, also none. /lib and its kin mean the
// directories below /usr.
type Glob struct {
	text  string
	parts []string
}

// ParseGlob reads a pattern.
func ParseGlob(text string) (Glob, error) {
	if !strings.HasPrefix(text, "/") || path.Clean(text) != text || text == "/" {
		return Glob{}, fmt.Errorf("%q is not a pattern of a clean absolute path, such as /etc/default/* or /usr/share/hello/**", text)
	}
	parts := split(canonical(text))
	for _, part := range parts {
		if _, err := path.Match(part, ""); err != nil {
			return Glob{}, fmt.Errorf("%q: %q: %w", text, part, errors.New("syntax error in pattern"))
		}
	}
	return Glob{text, parts}, nil
}

func (g Glob) String() string { return g.text }

// Match reports whether the pattern matches a path.
func (g Glob) Match(name string) bool { return matches(g.parts, split(canonical(name)), fits) }

// matches compares the components, each with part.
func matches(pattern, parts []string, part func(pattern, name string) bool) bool {
	for len(pattern) > 0 {
		if pattern[0] == "**" {
			for i := range len(parts) + 1 {
				if matches(pattern[1:], parts[i:], part) {
					return true
				}
			}
			return false
		}
		if len(parts) == 0 || !part(pattern[0], parts[0]) {
			return false
		}
		pattern, parts = pattern[1:], parts[1:]
	}
	return len(parts) == 0
}

// fits is path.Match for a component; the patterns here are valid.
func fits(pattern, name string) bool {
	ok, _ := path.Match(pattern, name)
	return ok
}

func split(name string) []string { return strings.Split(strings.TrimPrefix(name, "/"), "/") }

// Literal is the pattern that matches one path only.
func Literal(name string) string {
	return strings.NewReplacer(`\`, `\\`, "*", `\*`, "?", `\?`, "[", `\[`).Replace(name)
}
