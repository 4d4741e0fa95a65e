package pkcs11

import (
	"cmp"
	"fmt"
	"strings"

	"mago/debpkg/visible"
)

// String is the path of a URI with these attributes.
func (w Wanted) String() string {
	var parts []string
	for _, a := range []struct{ name, value string }{
		{"token", w.Token}, {"manufacturer", w.Manufacturer}, {"model", w.Model}, {"serial", w.Serial}, {"object", w.Object}, {"id", string(w.ID)},
	} {
		if a.value != "" {
			parts = append(parts, a.name+"="+escaped(a.value, a.name == "id"))
		}
	}
	return strings.Join(parts, ";")
}

// escaped writes a value as a URI has it; of an id, RFC 7512 (2.3) wants all bytes escaped.
func escaped(value string, all bool) string {
	var out strings.Builder
	for _, b := range []byte(value) {
		if !all && (b >= '0' && b <= '9' || b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || strings.IndexByte("-._~:[]@!$'()*+,=&", b) >= 0) {
			out.WriteByte(b)
		} else {
			fmt.Fprintf(&out, "%%%02X", b)
		}
	}
	return out.String()
}

// OfToken is what names the token alone.
func (w Wanted) OfToken() Wanted { return Wanted{w.Token, w.Manufacturer, w.Model, w.Serial, "", nil} }

// TokenName is what people call the token.
func (w Wanted) TokenName() string { return cmp.Or(w.Token, w.OfToken().String(), "of any name") }

// Has reports whether a token is wanted.
func (w Wanted) Has(token Wanted) bool {
	fits := func(want, is string) bool { return want == "" || want == is }
	return fits(w.Token, token.Token) && fits(w.Manufacturer, token.Manufacturer) && fits(w.Model, token.Model) && fits(w.Serial, token.Serial)
}

func quoted(text string) string { return fmt.Sprintf("%q", visible.Line(text)) }
