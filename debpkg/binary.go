package debpkg

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"mago/debpkg/control"
)

// checkBinary applies to a control file what dpkg does when it reads one, and the rules that mago writes one by. So it is
// stricter where Debian Policy is: a package's name is in lower case, only exact versions are provided. Nor is there a NUL,
// at which dpkg-deb would take a value to end, or the ^Z of MS-DOS.
func checkBinary(text string, p control.Paragraph) error {
	switch {
	case !strings.HasSuffix(text, "\n"):
		return errors.New("file control: no newline at the end")
	case strings.ContainsAny(text, "\x00\x1a"):
		return errors.New("file control: a NUL or ^Z")
	}
	written, err := valuesIn(text)
	if err != nil {
		return fmt.Errorf("file control: %w", err)
	}
	for _, field := range p.Fields() {
		key := strings.ToLower(field)
		value := written[key]
		if key == "description" {
			value = p.Get(field) // dpkg does without a synopsis
		}
		if err := checkRead(key, value); err != nil {
			return fmt.Errorf("file control: field %s %.200q: %w", field, value, err)
		}
	}
	if p.Get("Multi-Arch") == "same" && p.Get("Architecture") == "all" {
		return errors.New("file control: Multi-Arch is same, and Architecture all")
	}
	return nil
}

// checkRead is checkValue for a value that was read; one that is empty is as good as none, but where dpkg says that there must be one.
func checkRead(key, value string) error {
	if err := checkAllowed(key); err != nil {
		return err
	}
	switch rule := fieldRules[key]; {
	case value == "" && slices.Contains(archiveFields, key):
		return errors.New("empty")
	case rule != nil && value != "":
		return rule(value)
	}
	return nil
}

// valuesIn gives the fields of a paragraph, their names in lower case, as they stand there but for the blanks around them. It
// refuses what dpkg does of how they may end: with a line of blanks, or with the file before the last one has a value.
func valuesIn(text string) (map[string]string, error) {
	values := map[string]string{}
	field, begin, end := "", 0, 0
	for line := range strings.Lines(text) {
		switch rest := strings.TrimLeftFunc(line, control.IsBlank); {
		case rest == "" && line != "\n":
			return nil, fmt.Errorf("a line of blanks after field %q", field)
		case rest == line:
			name, _, _ := strings.Cut(line, ":")
			field, begin = strings.ToLower(strings.TrimRightFunc(name, control.IsBlank)), end+len(name)+1
		}
		end += len(line)
		if line != "\n" {
			value := strings.TrimLeft(text[begin:end], " \t\v\f\r")
			values[field] = strings.TrimRightFunc(value, control.IsBlank)
		}
	}
	if values[field] == "" && !strings.HasSuffix(text, "\n\n") {
		return nil, fmt.Errorf("the file ends before field %q has a value", field)
	}
	return values, nil
}
