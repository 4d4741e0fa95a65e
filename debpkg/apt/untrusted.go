package apt

import "strings"

// aptTalk reads what apt-get prints for what it says of packages' signatures, and of how far it is.
type aptTalk struct {
	progress  func(Progress) // nil where nobody asks
	rest      string         // of a line that is not whole
	listing   bool           // whether the lines that come list packages
	unchecked []string       // packages whose archive has no signature that apt could check
	kept      []string       // packages that were to be installed again, and that no archive has
}

func (t *aptTalk) Write(p []byte) (int, error) {
	t.rest += string(p)
	for {
		line, rest, whole := strings.Cut(t.rest, "\n")
		if !whole {
			t.rest = t.rest[max(len(t.rest)-maxTalk, 0):]
			return len(p), nil
		}
		t.line(line)
		t.rest = rest
	}
}

// maxTalk bounds what is kept of a line that does not end, in bytes.
const maxTalk = 64 << 10

func (t *aptTalk) line(line string) {
	if p, ok := parseProgress(line); ok { // it may stand in the middle of a list
		if t.progress != nil {
			t.progress(p)
		}
		return
	}
	switch {
	case strings.HasPrefix(line, "WARNING: The following packages cannot be authenticated!"):
		t.listing = true
	case t.listing && strings.HasPrefix(line, "  "):
		for name := range strings.FieldsSeq(line) {
			name, _, _ = strings.Cut(name, ":") // of another architecture
			t.unchecked = append(t.unchecked, name)
		}
	default:
		t.listing = false
	}
	if name, ok := strings.CutPrefix(line, "Reinstallation of "); ok {
		if name, _, ok = strings.Cut(name, " is not possible"); ok {
			t.kept = append(t.kept, name)
		}
	}
}
