package debpkg

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

const sizeField = "Installed-Size"

// mandatory are the fields that Policy 5.3 asks of a binary package, and Maintainer and Description that dpkg-deb warns of.
var mandatory = []string{"Package", "Version", "Architecture", "Maintainer", "Description"}

// paragraph writes a binary package's control file. It refuses what dpkg refuses, so that no package fails on the target.
func paragraph(fields []Field, installedSize int64) ([]byte, error) {
	fields = withSize(fields, installedSize)
	if err := checkFields(fields); err != nil {
		return nil, err
	}
	var out []byte
	for _, f := range fields {
		if value := fold(f.Value); value != "" {
			out = append(out, f.Name+":"+value+"\n"...)
		}
	}
	_, err := onlyParagraph(out)
	return out, err
}

// withSize puts Installed-Size where the fields have it, else after Maintainer as dpkg-gencontrol does.
func withSize(fields []Field, installedSize int64) []Field {
	size := Field{sizeField, strconv.FormatInt(installedSize, 10)}
	at := func(name string) int {
		return slices.IndexFunc(fields, func(f Field) bool { return strings.EqualFold(f.Name, name) })
	}
	if i := at(sizeField); i >= 0 {
		return slices.Replace(slices.Clone(fields), i, i+1, size)
	}
	return slices.Insert(slices.Clone(fields), at("Maintainer")+1, size)
}

func checkFields(fields []Field) error {
	seen := map[string]bool{}
	for _, f := range fields {
		key := strings.ToLower(f.Name)
		if !fieldName.MatchString(f.Name) {
			return fmt.Errorf("control field %q: not a field name", f.Name)
		}
		if seen[key] {
			return fmt.Errorf("control field %s: given twice", f.Name)
		}
		if err := checkValue(key, f.Value); err != nil {
			return &FieldError{f.Name, f.Value, err}
		}
		seen[key] = fold(f.Value) != ""
	}
	for _, name := range mandatory {
		if !seen[strings.ToLower(name)] {
			return fmt.Errorf("control field %s: missing", name)
		}
	}
	return nil
}

func checkValue(key, value string) error {
	if !utf8.ValidString(value) {
		return errors.New("not UTF-8")
	}
	if strings.ContainsFunc(value, func(r rune) bool { return unicode.IsControl(r) && r != '\n' && r != '\t' }) {
		return errors.New("control character")
	}
	if err := checkAllowed(key); err != nil {
		return err
	}
	if rule := fieldRules[key]; rule != nil && fold(value) != "" {
		return rule(value)
	}
	return nil
}

// fold gives a value as it follows the colon (deb822(5)): continuation lines begin with a blank, empty ones are " .".
func fold(value string) string {
	var out strings.Builder
	for i, line := range strings.Split(strings.TrimRight(value, " \t\n"), "\n") {
		line = strings.TrimRight(line, " \t")
		switch {
		case i == 0 && line == "":
		case i == 0:
			out.WriteString(" " + line)
		case line == "":
			out.WriteString("\n .")
		default:
			out.WriteString("\n " + line)
		}
	}
	return out.String()
}
