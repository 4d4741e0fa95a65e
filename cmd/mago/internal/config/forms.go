package config

import (
	"errors"
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"mago/debpkg/word"
	"mago/kbuild/sandbox"
	"mago/kbuild/signing/pkcs11"
)

// form says what is wrong with a value; nil where nothing is.
type form func(text string) error

// check says what is wrong with a field's value.
func (f *Field) check(text string) error {
	err := f.form(text)
	switch {
	case text == "":
		err = errors.New("it has no value")
	case strings.ContainsFunc(text, func(r rune) bool { return unicode.IsControl(r) && r != '\t' }):
		err = errors.New("it has a control character")
	}
	if err != nil {
		return fmt.Errorf("%s: %w", f.Name, err)
	}
	return nil
}

func oneOf(values ...string) form {
	return func(text string) error {
		if slices.Contains(values, text) {
			return nil
		}
		return fmt.Errorf("%q is not one of %s", text, strings.Join(values, ", "))
	}
}

func positive(text string) error {
	if n, err := strconv.Atoi(text); err != nil || n < 1 || n > 1<<16 {
		return fmt.Errorf("%q is not a number of compilers", text)
	}
	return nil
}

// limitWords parts a list of limits at blanks and commas.
func limitWords(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return r == ',' || unicode.IsSpace(r) })
}

func limits(text string) error {
	all := limitWords(text)
	if len(all) == 0 {
		return errors.New("it names no limit")
	}
	for _, word := range all {
		if err := new(sandbox.Limits).Set(word); err != nil {
			return err
		}
	}
	return nil
}

var maintainerForm = regexp.MustCompile(`^[^<>,\t]*[^<>,\s] <[^<>\s]+@[^<>\s]+>$`)

func maintainer(text string) error {
	if !maintainerForm.MatchString(text) {
		return fmt.Errorf("%q is not a name and an address, as in Jane Doe <jane@example.org>", text)
	}
	return nil
}

func absolute(text string) error {
	if !filepath.IsAbs(text) {
		return fmt.Errorf("%q is not an absolute path", text)
	}
	return nil
}

// key takes a path or a URI by RFC 7512.
func key(text string) error {
	if pkcs11.IsURI(text) {
		return uri(text)
	}
	if absolute(text) != nil {
		return fmt.Errorf("%q is neither an absolute path nor a pkcs11: URI", text)
	}
	return nil
}

// uri says what is wrong with a token's URI, without the PIN that may be in it.
func uri(text string) error {
	_, err := pkcs11.Parse(text)
	if wrong := (*pkcs11.URIError)(nil); errors.As(err, &wrong) && wrong.Next != "" {
		return fmt.Errorf("%w; %s", err, wrong.Next)
	}
	return err
}

var credentialForm = regexp.MustCompile(`^[A-Za-z0-9_-][A-Za-z0-9._-]*$`)

func credential(text string) error {
	if !credentialForm.MatchString(text) {
		return fmt.Errorf("%q is not the name of a credential", text)
	}
	return nil
}

func version(text string) error {
	_, err := word.ParseVersion(text)
	return err
}

func words(text string) error {
	_, err := splitWords(text)
	return err
}

var variableForm = regexp.MustCompile(`^([A-Za-z_][A-Za-z0-9_]*)(?:\[[0-9]{1,4}\])?=`)

// dkmsOwn are the variables that dkms sets itself before it reads a dkms.conf.
var dkmsOwn = []string{"kernelver", "arch", "kernel_source_dir", "kernel_config", "dkms_tree", "source_tree", "install_tree", "tmp_location", "module", "module_version", "parallel_jobs"}

func variables(text string) error {
	all, err := splitWords(text)
	if err != nil {
		return err
	}
	for _, one := range all {
		m := variableForm.FindStringSubmatch(one)
		switch {
		case m == nil:
			return fmt.Errorf("%q is not NAME=VALUE or NAME[NUMBER]=VALUE", one)
		case slices.Contains(dkmsOwn, m[1]), strings.HasPrefix(m[1], "mago_"), strings.HasPrefix(m[1], "BASH"):
			return fmt.Errorf("%s cannot be set: it has a meaning of its own where dkms.conf is evaluated", m[1])
		}
	}
	return nil
}
