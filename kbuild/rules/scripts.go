package rules

import (
	"strings"

	"mago/debpkg/lazy"
)

// usual matches the lines of a maintainer script that do no more than run depmod: dh_installmodules' own, and the shell
// around them.
var usual = lazy.Regexp(`^(?:#.*|set -\w+|.*\bdepmod\b.*|(?:el)?if .*|then|else|fi|case .*|esac|;;|[\w|"*-]+\)|exit 0|true|:|[{}])$`)

// Beyond gives the first line of a maintainer script that does more than run depmod, "" where none does. It goes by the
// shape of lines, for somebody to be told and not to decide by.
func Beyond(script string) string {
	for line := range strings.Lines(script) {
		line = strings.TrimSpace(line)
		if line != "" && !usual().MatchString(line) {
			return line
		}
	}
	return ""
}
