// Package relation reads the relationship fields of binary packages as dpkg does (Debian Policy 7.1): Depends, Conflicts,
// Provides and their like.
package relation

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"unicode"

	"pault.ag/go/debian/dependency"
	"pault.ag/go/debian/version"

	"mago/debpkg/control"
	"mago/debpkg/word"
)

// Relation is one of the comma-separated parts of a relationship field (Policy 7.1).
type Relation struct {
	Text         string // as written, with white space normalised
	Alternatives []Alternative
}

// Alternative is one of the packages that satisfy a relation.
type Alternative struct {
	Name      string
	Qualifier string // architecture after the colon, or "any"
	Operator  string // <<, <=, =, >=, >>, or "" for any version
	Version   version.Version
}

var (
	relationName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9+._-]*$`)
	// qualified matches a name and what follows it at once: dpkg takes any word that could be an architecture's name.
	qualified = regexp.MustCompile(`^[^ :(]+:([A-Za-z0-9][A-Za-z0-9-]*)($|[ (])`)
	// obsolete matches < and >, which dpkg reads as <= and >=, and exact a version alone, which it reads as that one.
	obsolete = regexp.MustCompile(`\( ?([<>])([^<>=])`)
	exact    = regexp.MustCompile(`\( ?([0-9])`)
	// restricted matches what begins or ends a restriction to architectures or build profiles, and stands in no version.
	restricted = regexp.MustCompile(`[][<>]`)
	versioned  = regexp.MustCompile(`\([^()]*\)`)
)

// Parse reads the relationship field of a binary package. It refuses, as dpkg does, restrictions to
// architectures and build profiles, and parts that are empty; an empty value has no relations.
func Parse(value string) ([]Relation, error) {
	if strings.ContainsFunc(value, func(r rune) bool { return unicode.IsControl(r) && !control.IsBlank(r) }) {
		return nil, errors.New("control character")
	}
	value = strings.Join(strings.FieldsFunc(value, control.IsBlank), " ")
	if value == "" {
		return nil, nil
	}
	var relations []Relation
	for text := range strings.SplitSeq(value, ",") {
		r, err := ParseOne(strings.Trim(text, " "))
		if err != nil {
			return nil, fmt.Errorf("relation %.200q: %w", strings.Trim(text, " "), err)
		}
		relations = append(relations, r)
	}
	return relations, nil
}

// maxRelation bounds a relation in bytes: the library's time grows with the square of a word's length.
const maxRelation = 4 << 10

func ParseOne(text string) (Relation, error) {
	if len(text) > maxRelation {
		return Relation{}, fmt.Errorf("more than %d bytes", maxRelation)
	}
	if restricted.MatchString(versioned.ReplaceAllString(text, "")) {
		return Relation{}, errors.New("restricted as only source packages may")
	}
	parsed, err := dependency.Parse(exact.ReplaceAllString(obsolete.ReplaceAllString(text, "($1= $2"), "(= $1"))
	if err != nil {
		return Relation{}, err
	}
	possibilities := parsed.GetAllPossibilities()
	if len(possibilities) != strings.Count(text, "|")+1 {
		return Relation{}, errors.New("package name missing")
	}
	if len(parsed.GetSubstvars()) > 0 {
		return Relation{}, errors.New("a substitution variable, which only debian/control may have")
	}
	r := Relation{Text: text}
	for i, part := range strings.Split(text, "|") {
		a, err := parseAlternative(possibilities[i])
		if err == nil {
			a.Qualifier, err = qualifierIn(strings.Trim(part, " "))
		}
		if err != nil {
			return Relation{}, err
		}
		r.Alternatives = append(r.Alternatives, a)
	}
	return r, nil
}

func parseAlternative(p dependency.Possibility) (Alternative, error) {
	if !relationName.MatchString(p.Name) {
		return Alternative{}, fmt.Errorf("%q is not a package name", p.Name)
	}
	a := Alternative{Name: strings.ToLower(p.Name)} // as dpkg makes them
	if p.Version == nil {
		return a, nil
	}
	if _, err := word.ParseVersion(p.Version.Number); err != nil {
		return Alternative{}, err
	}
	a.Operator = p.Version.Operator
	var err error
	a.Version, err = version.Parse(p.Version.Number)
	return a, err
}

// qualifierIn is what stands behind the colon of an alternative's name, as it stands there: the library would take it for
// a kernel, a C library and a processor.
func qualifierIn(text string) (string, error) {
	name, _, _ := strings.Cut(text, "(")
	if !strings.Contains(name, ":") {
		return "", nil
	}
	match := qualified.FindStringSubmatch(text)
	if match == nil {
		return "", fmt.Errorf("%q has no architecture after its colon", strings.Trim(name, " "))
	}
	return match[1], nil
}

// VersionText is "" if the alternative names no version.
func (a Alternative) VersionText() string {
	if a.Operator == "" {
		return ""
	}
	return a.Version.String()
}

// Accepts reports whether a version fits; one that is none fits only where any does.
func (a Alternative) Accepts(text string) bool {
	if a.Operator == "" {
		return true
	}
	v, err := version.Parse(text)
	if err != nil {
		return false
	}
	c := version.Compare(v, a.Version)
	switch a.Operator {
	case "<<":
		return c < 0
	case "<=":
		return c <= 0
	case ">=":
		return c >= 0
	case ">>":
		return c > 0
	}
	return c == 0
}

// Names are the packages that a relationship field names; of one that cannot be read none.
func Names(field string) (names []string) {
	relations, err := Parse(field)
	if err != nil {
		return nil
	}
	for _, r := range relations {
		for _, a := range r.Alternatives {
			names = append(names, a.Name)
		}
	}
	return names
}
