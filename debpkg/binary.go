package debpkg

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"mago/debpkg/control"
)

// checkBinary applies to a control file what dpkg does when it reads one, and the rules that mago writes one by. So it is
// stricter where Debian Policy is: a package's name is in lower case, its synopsis on the first line, only exact versions
// are provided. Nor is there a NUL, at which dpkg-deb would take a value to end, or the ^Z of MS-DOS.
func checkBinary(text []byte, p control.Paragraph) error {
	switch {
	case !bytes.HasSuffix(text, []byte("\n")):
		return errors.New("file control: no newline at the end")
	case bytes.ContainsAny(text, "\x00\x1a"):
		return errors.New("file control: a NUL or ^Z")
	}
	for _, field := range p.Fields() {
		value := p.Get(field)
		rule := fieldRules[strings.ToLower(field)]
		if rule == nil || value == "" {
			continue
		}
		if err := rule(value); err != nil {
			return fmt.Errorf("file control: field %s %.200q: %w", field, value, err)
		}
	}
	return nil
}
