// Package lazy compiles regular expressions when they are first used. mago is started anew as the parts of each sandbox, which use none
// of most packages' own.
package lazy

import (
	"regexp"
	"sync"
)

// Regexp gives the expression, which panics at its first use where it cannot be parsed.
func Regexp(expression string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(expression) })
}
