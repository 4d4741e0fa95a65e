package catalog

import (
	"regexp"
	"slices"
	"strings"

	"mago/debpkg/word"
)

// Search gives the modules in whose names and descriptions all words are found, each as a regular expression where it is
// one, in any case, as apt-cache search finds packages. The long descriptions are those of Descriptions.
func (ix *Index) Search(words []string, long map[word.Package]string) []Module {
	patterns := patternsOf(words)
	var found []Module
	for _, m := range ix.Modules {
		if matches(m.text(long), patterns) {
			found = append(found, m)
		}
	}
	return found
}

func patternsOf(words []string) (patterns []*regexp.Regexp) {
	for _, word := range words {
		patterns = append(patterns, pattern(word))
	}
	return patterns
}

func matches(text string, patterns []*regexp.Regexp) bool {
	return !slices.ContainsFunc(patterns, func(p *regexp.Regexp) bool { return !p.MatchString(text) })
}

// pattern matches a word literally where it is not a regular expression.
func pattern(word string) *regexp.Regexp {
	if p, err := regexp.Compile("(?im)" + word); err == nil {
		return p
	}
	return regexp.MustCompile("(?i)" + regexp.QuoteMeta(word))
}

// text is what a module is searched by, a line for each part; a long description is one line.
func (m Module) text(long map[word.Package]string) string {
	lines := []string{m.Name}
	for alias, name := range aliases {
		if name == m.Name {
			lines = append(lines, alias)
		}
	}
	for _, p := range m.Packages {
		lines = append(lines, p.Name.String(), p.Source.String(), p.Description, strings.Join(strings.Fields(long[p.Name]), " "))
	}
	return strings.Join(lines, "\n")
}
