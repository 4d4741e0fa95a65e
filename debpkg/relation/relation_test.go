package relation

import (
	"slices"
	"strings"
	"testing"
)

// shown is a relation as [name, qualifier, operator, version] of each alternative.
func shown(r Relation) (parts []string) {
	for _, a := range r.Alternatives {
		parts = append(parts, strings.Join([]string{a.Name, a.Qualifier, a.Operator, a.VersionText()}, " "))
	}
	return parts
}

func TestParse(t *testing.T) {
	for _, c := range []struct {
		field string
		want  [][]string
	}{
		{"", nil},
		{" \t\n ", nil},
		{"a", [][]string{{"a   "}}},
		{"A0+.-b", [][]string{{"a0+.-b   "}}}, // as dpkg makes them
		{"a, b|c", [][]string{{"a   "}, {"b   ", "c   "}}},
		{"a:any (>= 1:2~rc1-3)", [][]string{{"a any >= 1:2~rc1-3"}}},
		{"a:arm64 | b", [][]string{{"a arm64  ", "b   "}}},
		{"a\n (<<\t2)", [][]string{{"a  << 2"}}},
		{"a (< 1), a (> 1), a (1)", [][]string{{"a  <= 1"}, {"a  >= 1"}, {"a  = 1"}}}, // obsolete
	} {
		relations, err := Parse(c.field)
		if err != nil {
			t.Errorf("%q: %v", c.field, err)
		}
		var got [][]string
		for _, r := range relations {
			got = append(got, shown(r))
		}
		if !slices.EqualFunc(got, c.want, slices.Equal[[]string]) {
			t.Errorf("%q: got %q, want %q", c.field, got, c.want)
		}
	}
}

func TestParseKeepsTheText(t *testing.T) {
	relations, err := Parse("  b \t(>= 1)\n | c ,a")
	if err != nil || len(relations) != 2 || relations[0].Text != "b (>= 1) | c" || relations[1].Text != "a" {
		t.Errorf("%+v, %v", relations, err)
	}
}

func TestParseRefuses(t *testing.T) {
	for field, want := range map[string]string{
		"a,":                       "package name missing",
		"a, , b":                   "package name missing",
		"a |":                      "package name missing",
		"a\x00":                    "control character",
		"a [amd64]":                "restricted",
		"a <!nocheck>":             "restricted",
		"a:":                       "no architecture after its colon",
		"-a":                       "not a package name",
		"${misc:Depends}":          "package name missing",
		"${misc:Depends}a":         "substitution variable",
		"a (>= )":                  "",
		"a (>= one)":               "",
		"a (>= 1":                  "",
		strings.Repeat("a", 5<<10): "more than 4096 bytes",
	} {
		if relations, err := Parse(field); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.40q: got %v, %v, want %q", field, relations, err, want)
		}
	}
}

func TestAccepts(t *testing.T) {
	for relation, want := range map[string]string{ // which of 1, 2 and 3 it takes
		"a": "123", "a (<< 2)": "1", "a (<= 2)": "12", "a (= 2)": "2", "a (>= 2)": "23", "a (>> 2)": "3",
	} {
		r, err := ParseOne(relation)
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		for _, version := range []string{"1", "2", "3"} {
			if r.Alternatives[0].Accepts(version) {
				got += version
			}
		}
		if got != want {
			t.Errorf("%s takes %q, want %q", relation, got, want)
		}
		if accepts := r.Alternatives[0].Accepts("no version"); accepts != (relation == "a") {
			t.Errorf("%s takes what is not a version: %v", relation, accepts)
		}
	}
}

func TestNames(t *testing.T) {
	for field, want := range map[string][]string{"a (>= 1), b | c:any": {"a", "b", "c"}, "": nil, "a, [": nil} {
		if got := Names(field); !slices.Equal(got, want) {
			t.Errorf("%q: got %q, want %q", field, got, want)
		}
	}
}
