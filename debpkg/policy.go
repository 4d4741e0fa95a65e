package debpkg

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

var (
	packageName  = regexp.MustCompile(`^[a-z0-9][a-z0-9+.-]+$`)
	versionText  = regexp.MustCompile(`^(?:([0-9]+):)?[0-9][A-Za-z0-9.+~-]*$`)
	architecture = regexp.MustCompile(`^[a-z0-9][a-z0-9-]*$`)
	fieldName    = regexp.MustCompile(`^[!-"$-,.-9;-~][!-9;-~]*$`)
)

// checkPackageName applies Policy 5.6.1.
func checkPackageName(name string) error {
	if !packageName.MatchString(name) {
		return errors.New("not two or more of a-z, 0-9, +, -, . that begin with a letter or digit")
	}
	return nil
}

// checkVersion applies Policy 5.6.12; dpkg keeps the epoch in an int.
func checkVersion(version string) error {
	m := versionText.FindStringSubmatch(version)
	if m == nil {
		return errors.New("not [epoch:]upstream[-revision] with a digit first and letters, digits, ., +, -, ~ after it")
	}
	if strings.HasSuffix(version, "-") {
		return errors.New("revision is empty")
	}
	if _, err := strconv.ParseInt(m[1], 10, 32); m[1] != "" && err != nil {
		return fmt.Errorf("epoch %s is too large", m[1])
	}
	return nil
}

func checkArchitecture(arch string) error {
	if !architecture.MatchString(arch) || arch == "any" || arch == "source" {
		return errors.New("not the name of one architecture")
	}
	return nil
}

func checkSingleLine(value string) error {
	if strings.Contains(value, "\n") {
		return errors.New("more than one line")
	}
	return nil
}

func checkSynopsis(value string) error {
	if strings.HasPrefix(strings.TrimLeft(value, " \t"), "\n") {
		return errors.New("no synopsis on the first line")
	}
	return nil
}

func oneOf(allowed ...string) func(string) error {
	return func(value string) error {
		for _, a := range allowed {
			if value == a {
				return nil
			}
		}
		return fmt.Errorf("not one of %s", strings.Join(allowed, ", "))
	}
}

func checkRelations(value string) error {
	_, err := parseRelations(value)
	return err
}

// checkSets is for the relations that know no alternatives (Policy 7.1).
func checkSets(value string) error {
	relations, err := parseRelations(value)
	for _, r := range relations {
		if len(r.alternatives) > 1 {
			return fmt.Errorf("alternatives in %q", r.text)
		}
	}
	return err
}

// checkProvides: only exact versions may be provided (Policy 7.5).
func checkProvides(value string) error {
	relations, err := parseRelations(value)
	for _, r := range relations {
		if len(r.alternatives) > 1 {
			return fmt.Errorf("alternatives in %q", r.text)
		}
		if op := r.alternatives[0].operator; op != "" && op != "=" {
			return fmt.Errorf("%q is no exact version", r.text)
		}
	}
	return err
}

// checkDpkgOnly is for the fields that only dpkg's own status file may hold.
func checkDpkgOnly(string) error { return errors.New("only dpkg's status file may hold it") }

// fieldRules says what dpkg, or Policy where it is narrower, takes as a field's value; the names are in lower case.
var fieldRules = map[string]func(string) error{
	"package":      checkPackageName,
	"version":      checkVersion,
	"architecture": checkArchitecture,
	"maintainer":   checkSingleLine,
	"description":  checkSynopsis,
	"source":       checkSingleLine,
	"section":      checkSingleLine,
	"priority":     checkSingleLine,
	"homepage":     checkSingleLine,
	"origin":       checkSingleLine,
	"bugs":         checkSingleLine,

	"essential":  oneOf("yes", "no"),
	"protected":  oneOf("yes", "no"),
	"multi-arch": oneOf("no", "same", "foreign", "allowed"),

	"pre-depends": checkRelations,
	"depends":     checkRelations,
	"recommends":  checkRelations,
	"suggests":    checkRelations,
	"enhances":    checkSets,
	"breaks":      checkSets,
	"conflicts":   checkSets,
	"replaces":    checkSets,
	"provides":    checkProvides,

	"status":           checkDpkgOnly,
	"conffiles":        checkDpkgOnly,
	"config-version":   checkDpkgOnly,
	"triggers-awaited": checkDpkgOnly,
	"triggers-pending": checkDpkgOnly,
}
