package main

import (
	"cmp"
	"io"
	"os"
	"strings"
	"unicode/utf8"

	"mago/debpkg/visible"
)

// inUTF8 reports whether the locale is one of UTF-8, as setlocale(3) finds it for characters.
func inUTF8() bool {
	locale := strings.ToLower(cmp.Or(os.Getenv("LC_ALL"), os.Getenv("LC_CTYPE"), os.Getenv("LANG")))
	return strings.Contains(locale, "utf-8") || strings.Contains(locale, "utf8")
}

// asciiOnly writes whole characters to a terminal that is not one of UTF-8, which would take each other one for several.
type asciiOnly struct{ to io.Writer }

func (a asciiOnly) Write(text []byte) (int, error) {
	if _, err := io.WriteString(a.to, inASCII(string(text))); err != nil {
		return 0, err
	}
	return len(text), nil
}

// inASCII has text of the same width in ASCII.
func inASCII(text string) string {
	var ascii strings.Builder
	for _, r := range text {
		switch {
		case r < utf8.RuneSelf:
			ascii.WriteByte(byte(r))
		case r == '…':
			ascii.WriteByte('~')
		default:
			ascii.WriteString(strings.Repeat("?", visible.Width(string(r))))
		}
	}
	return ascii.String()
}
