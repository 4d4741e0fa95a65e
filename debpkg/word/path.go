package word

import (
	"path"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Path is the path of a file below some directory: relative, without . and .. and empty parts, of printable characters,
// and with no part that begins with a hyphen.
type Path = word[relative]

// ParsePath fails with an *Error.
func ParsePath(text string) (Path, error) { return parse[relative](text) }

type relative struct{}

const maxPath = 1024 // bytes

func (relative) rules() rules {
	return rules{kind: "path", why: "not a relative path of printable characters without . and .. and without a hyphen before a part", most: maxPath, whole: isPath}
}

func isPath(text string) bool {
	if !utf8.ValidString(text) || path.Clean(text) != text || path.IsAbs(text) || text == "." {
		return false
	}
	for part := range strings.SplitSeq(text, "/") {
		if part == ".." || strings.HasPrefix(part, "-") {
			return false
		}
	}
	return !strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) })
}
