// Package lazy compiles regular expressions at their first use: a build starts mago several times as a part of a sandbox, and such a
// part uses hardly any.
package lazy

import (
	"regexp"
	"sync"
)

// Regexp gives the expression, which panics at its first use where it cannot be parsed.
func Regexp(expression string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(expression) })
}
