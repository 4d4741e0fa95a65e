package dkms

import (
	"strings"

	"mago/debpkg/lazy"
)

// dkms.conf is bash, which is not run here: a line counts when it assigns a literal and nothing else.
var (
	assignment = lazy.Regexp(`^\s*(PACKAGE_NAME|PACKAGE_VERSION)\+?=`)
	literal    = lazy.Regexp(`^\w+=(?:"([\w.+:~-]+)"|'([\w.+:~-]+)'|([\w.+:~-]+))\s*(?:#.*)?$`)
)

// Literal returns the name and version that the text of a dkms.conf assigns literally, "" for what it computes.
func Literal(text string) (name, version string) {
	values := map[string]string{}
	for line := range strings.Lines(text) {
		m := assignment().FindStringSubmatch(line)
		if m == nil {
			continue
		}
		values[m[1]] = ""
		if v := literal().FindStringSubmatch(strings.TrimSpace(line)); v != nil {
			values[m[1]] = v[1] + v[2] + v[3]
		}
	}
	return values["PACKAGE_NAME"], values["PACKAGE_VERSION"]
}
