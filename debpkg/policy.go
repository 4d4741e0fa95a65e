package debpkg

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"mago/debpkg/relation"
	"mago/debpkg/word"
)

var fieldName = regexp.MustCompile(`^[!-"$-,.-9;-~][!-9;-~]*$`)

// checked makes a check of a word's parser; whoever reports a broken field quotes it.
func checked[W any](parse func(string) (W, error)) func(string) error {
	return func(text string) error {
		_, err := parse(text)
		if broken := (*word.Error)(nil); errors.As(err, &broken) {
			return errors.New(broken.Why)
		}
		return err
	}
}

var (
	checkPackageName  = checked(word.ParsePackage)
	checkVersion      = checked(word.ParseVersion)
	checkArchitecture = checked(word.ParseArchitecture)
)

func checkSingleLine(value string) error {
	if strings.Contains(value, "\n") {
		return errors.New("more than one line")
	}
	return nil
}

// checkPriority takes any line but one that only begins with a word that dpkg knows, as dpkg does.
func checkPriority(value string) error {
	for _, known := range []string{"required", "important", "standard", "optional", "extra", "unknown"} {
		if len(value) > len(known) && strings.EqualFold(value[:len(known)], known) {
			return fmt.Errorf("something follows %s", known)
		}
	}
	return checkSingleLine(value)
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

// checkRelations is for a field in a control file, where dpkg wants the first relation beside the field's name, and no dot
// for an empty line.
func checkRelations(value string) error {
	_, err := relationsIn(value)
	return err
}

func relationsIn(value string) ([]relation.Relation, error) {
	if strings.HasPrefix(value, "\n") {
		return nil, errors.New("nothing on the first line")
	}
	return relation.Parse(value)
}

// checkSets is for the relations that know no alternatives (Policy 7.1).
func checkSets(value string) error {
	relations, err := relationsIn(value)
	for _, r := range relations {
		if len(r.Alternatives) > 1 {
			return fmt.Errorf("alternatives in %q", r.Text)
		}
	}
	return err
}

// checkProvides: only exact versions may be provided (Policy 7.5).
func checkProvides(value string) error {
	relations, err := relationsIn(value)
	for _, r := range relations {
		if len(r.Alternatives) > 1 {
			return fmt.Errorf("alternatives in %q", r.Text)
		}
		if op := r.Alternatives[0].Operator; op != "" && op != "=" {
			return fmt.Errorf("%q is not an exact version", r.Text)
		}
	}
	return err
}

// fieldRules says what dpkg, or Policy where it is narrower, takes as a field's value; the names are in lower case.
var fieldRules = map[string]func(string) error{
	"package":      checkPackageName,
	"version":      checkVersion,
	"architecture": checkArchitecture,
	"maintainer":   checkSingleLine,
	"description":  checkSynopsis,
	"source":       checkSingleLine,
	"section":      checkSingleLine,
	"priority":     checkPriority,
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
}

// dpkgFields are those that only dpkg's own status file may hold.
var dpkgFields = []string{"status", "conffiles", "config-version", "triggers-awaited", "triggers-pending"}

// obsoleteFields are names that dpkg has others for: Revision becomes the end of the Version.
var obsoleteFields = []string{"revision", "package-revision", "package_revision", "recommended", "optional", "class"}

// checkAllowed refuses the fields that no package's control file may have, whatever their value.
func checkAllowed(key string) error {
	switch {
	case slices.Contains(dpkgFields, key):
		return errors.New("only dpkg's status file may hold it")
	case slices.Contains(obsoleteFields, key):
		return errors.New("obsolete: dpkg reads it as another field, or as a part of one")
	}
	return nil
}

// archiveFields are an archive's, and not empty where dpkg meets them.
var archiveFields = []string{"filename", "size", "md5sum", "msdos-filename"}
