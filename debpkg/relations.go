package debpkg

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"unicode"

	"pault.ag/go/debian/dependency"
	"pault.ag/go/debian/version"

	"mago/debpkg/control"
)

// relation is one of the comma-separated parts of a relationship field (Policy 7.1).
type relation struct {
	text         string // as written, with white space normalised
	alternatives []alternative
}

type alternative struct {
	name      string
	qualifier string // architecture after the colon, or "any"
	operator  string // <<, <=, =, >=, >>, or "" for any version
	version   version.Version
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

// parseRelations reads the relationship field of a binary package. It refuses, as dpkg does, restrictions to
// architectures and build profiles, and parts that are empty; an empty value has no relations.
func parseRelations(value string) ([]relation, error) {
	if strings.ContainsFunc(value, func(r rune) bool { return unicode.IsControl(r) && !control.IsBlank(r) }) {
		return nil, errors.New("control character")
	}
	value = strings.Join(strings.FieldsFunc(value, control.IsBlank), " ")
	if value == "" {
		return nil, nil
	}
	var relations []relation
	for text := range strings.SplitSeq(value, ",") {
		r, err := parseRelation(strings.Trim(text, " "))
		if err != nil {
			return nil, fmt.Errorf("relation %.200q: %w", strings.Trim(text, " "), err)
		}
		relations = append(relations, r)
	}
	return relations, nil
}

// maxRelation bounds a relation in bytes: the library's time grows with the square of a word's length.
const maxRelation = 4 << 10

func parseRelation(text string) (relation, error) {
	if len(text) > maxRelation {
		return relation{}, fmt.Errorf("more than %d bytes", maxRelation)
	}
	if restricted.MatchString(versioned.ReplaceAllString(text, "")) {
		return relation{}, errors.New("restricted as only source packages may")
	}
	parsed, err := dependency.Parse(exact.ReplaceAllString(obsolete.ReplaceAllString(text, "($1= $2"), "(= $1"))
	if err != nil {
		return relation{}, err
	}
	possibilities := parsed.GetAllPossibilities()
	if len(possibilities) != strings.Count(text, "|")+1 {
		return relation{}, errors.New("package name missing")
	}
	if len(parsed.GetSubstvars()) > 0 {
		return relation{}, errors.New("a substitution variable, which only debian/control may have")
	}
	r := relation{text: text}
	for i, part := range strings.Split(text, "|") {
		a, err := parseAlternative(possibilities[i])
		if err == nil {
			a.qualifier, err = qualifierIn(strings.Trim(part, " "))
		}
		if err != nil {
			return relation{}, err
		}
		r.alternatives = append(r.alternatives, a)
	}
	return r, nil
}

func parseAlternative(p dependency.Possibility) (alternative, error) {
	if !relationName.MatchString(p.Name) {
		return alternative{}, fmt.Errorf("%q is not a package name", p.Name)
	}
	a := alternative{name: strings.ToLower(p.Name)} // as dpkg makes them
	if p.Version == nil {
		return a, nil
	}
	err := checkVersion(p.Version.Number)
	if err != nil {
		return alternative{}, fmt.Errorf("version %q: %w", p.Version.Number, err)
	}
	a.operator = p.Version.Operator
	a.version, err = version.Parse(p.Version.Number)
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

// versionText is "" if the alternative names no version.
func (a alternative) versionText() string {
	if a.operator == "" {
		return ""
	}
	return a.version.String()
}

// accepts reports whether a version fits; one that is none fits only where any does.
func (a alternative) accepts(text string) bool {
	if a.operator == "" {
		return true
	}
	v, err := version.Parse(text)
	if err != nil {
		return false
	}
	c := version.Compare(v, a.version)
	switch a.operator {
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
	relations, err := parseRelations(field)
	if err != nil {
		return nil
	}
	for _, r := range relations {
		for _, a := range r.alternatives {
			names = append(names, a.name)
		}
	}
	return names
}
