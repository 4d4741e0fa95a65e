package dkms

import "strings"

// HookDirectives name the scripts that dkms runs when it installs modules and after it has removed them.
var HookDirectives = []string{"PRE_INSTALL", "POST_INSTALL", "POST_REMOVE"}

// Hook gives the script of such a directive, relative to the source, and its arguments: words that blanks part, as
// dkms reads them; "" where there is none.
func (c *Conf) Hook(directive string) (script string, arguments []string) {
	words := strings.Fields(c.Value(directive))
	if len(words) == 0 {
		return "", nil
	}
	return words[0], words[1:]
}
