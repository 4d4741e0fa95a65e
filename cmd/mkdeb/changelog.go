package main

import (
	"fmt"
	"regexp"
	"strings"
	"time"
)

// entry is what README.md says of a version below Changes. Date is the zero Time where it says none.
type entry struct {
	Version string
	Date    time.Time
	Changes []string // a sentence each
}

var (
	section  = regexp.MustCompile(`(?ms)^## Changes\n(.*?)(?:^## |\z)`)
	heading  = regexp.MustCompile(`(?m)^### (\S+?)(?:, (\d{4}-\d{2}-\d{2}))?$`)
	sentence = regexp.MustCompile("[.] +([A-Z`])")
	link     = regexp.MustCompile(`\[([^\]]*)\]\([^)]*\)`)
)

// changes reads README.md.
func changes(readme string) ([]entry, error) {
	found := section.FindStringSubmatch(readme)
	if found == nil {
		return nil, fmt.Errorf("README.md has no section Changes")
	}
	text := found[1]
	var all []entry
	marks := heading.FindAllStringSubmatchIndex(text, -1)
	for i, mark := range marks {
		end := len(text)
		if i+1 < len(marks) {
			end = marks[i+1][0]
		}
		e := entry{Version: text[mark[2]:mark[3]], Changes: sentences(text[mark[1]:end])}
		if mark[4] >= 0 {
			var err error
			if e.Date, err = time.Parse(time.DateOnly, text[mark[4]:mark[5]]); err != nil {
				return nil, fmt.Errorf("README.md, Changes: %w", err)
			}
		}
		all = append(all, e)
	}
	return all, nil
}

// sentences takes prose apart, without the marks of its format.
func sentences(prose string) (all []string) {
	prose = link.ReplaceAllString(prose, "$1")
	for paragraph := range strings.SplitSeq(strings.TrimSpace(prose), "\n\n") {
		joined := strings.Join(strings.Fields(paragraph), " ")
		parted := sentence.ReplaceAllString(joined, ".\n$1")
		all = append(all, strings.Split(strings.ReplaceAll(parted, "`", ""), "\n")...)
	}
	return all
}

// changelog is Debian's form of README.md's changes (deb-changelog(5)). The newest entry is that of the package's version, which
// has to be of the version that README.md tells of last, and has the package's date.
func changelog(readme, version string, date time.Time) ([]byte, error) {
	all, err := changes(readme)
	if err != nil {
		return nil, err
	}
	if len(all) == 0 || !isOf(version, all[0].Version) {
		return nil, fmt.Errorf("README.md has no Changes of %s first", version)
	}
	all[0].Version, all[0].Date = version, date
	var text strings.Builder
	for i, e := range all {
		if e.Date.IsZero() {
			return nil, fmt.Errorf("README.md, Changes: %s has no date", e.Version)
		}
		if i > 0 {
			text.WriteString("\n")
		}
		fmt.Fprintf(&text, "mago (%s) unstable; urgency=medium\n\n", e.Version)
		for _, change := range e.Changes {
			text.WriteString(wrapped("  * ", "    ", change))
		}
		fmt.Fprintf(&text, "\n -- %s  %s\n", maintainer, e.Date.Format(time.RFC1123Z))
	}
	return []byte(text.String()), nil
}

// isOf reports whether a version is that release, or a build after it.
func isOf(version, release string) bool {
	rest, ok := strings.CutPrefix(version, release)
	return ok && (rest == "" || rest[0] == '+' || rest[0] == '.')
}

// wrapped breaks text into lines of 78 columns at most.
func wrapped(first, further, text string) string {
	var lines strings.Builder
	line, empty := first, true
	for word := range strings.FieldsSeq(text) {
		if !empty && len([]rune(line))+1+len([]rune(word)) > 78 {
			lines.WriteString(line + "\n")
			line, empty = further, true
		}
		if !empty {
			line += " "
		}
		line, empty = line+word, false
	}
	return lines.String() + line + "\n"
}
