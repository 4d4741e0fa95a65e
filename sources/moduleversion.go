package sources

import (
	"os"
	"path/filepath"
	"regexp"
)

// objectsMax is how many sources are searched for their version.
const objectsMax = 50

var (
	objectName    = regexp.MustCompile(`[\w./-]*\w\.o\b`)
	moduleLiteral = regexp.MustCompile(`(?m)^[ \t]*MODULE_VERSION[ \t]*\([ \t]*"([\w.+:~-]+)"[ \t]*\)`)
)

// moduleVersion is the first literal MODULE_VERSION (linux/module.h) in the C sources of a directory's modules, "" for none.
// These are the sources in the directory whose objects Kbuild or Makefile names, in that order.
func moduleVersion(root *os.Root) string {
	read := map[string]bool{}
	for _, file := range []string{"Kbuild", "Makefile"} {
		for _, object := range objectName.FindAllString(startIn(root, file), -1) {
			source := filepath.Clean(object[:len(object)-len(".o")] + ".c")
			if read[source] || len(read) >= objectsMax {
				continue
			}
			read[source] = true
			if m := moduleLiteral.FindStringSubmatch(startIn(root, source)); m != nil {
				return m[1]
			}
		}
	}
	return ""
}
