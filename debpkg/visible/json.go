package visible

import (
	"bytes"
	"fmt"
	"unicode/utf16"
	"unicode/utf8"
)

// JSON escapes in encoded JSON what encoding/json leaves as it is and Line would replace. It still means the same.
func JSON(encoded []byte) []byte {
	var out bytes.Buffer
	for len(encoded) > 0 {
		r, size := utf8.DecodeRune(encoded)
		switch {
		case r < 0x7f || r == utf8.RuneError || shown(r) == r: // of the control characters only those between its words are left
			out.Write(encoded[:size])
		case r > 0xffff:
			high, low := utf16.EncodeRune(r)
			fmt.Fprintf(&out, `\u%04x\u%04x`, high, low)
		default:
			fmt.Fprintf(&out, `\u%04x`, r)
		}
		encoded = encoded[size:]
	}
	return out.Bytes()
}
