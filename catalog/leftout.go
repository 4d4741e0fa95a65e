package catalog

import (
	"fmt"

	"mago/debpkg/word"
)

// LeftOut describes the module sources of a list that are left out because a word that would get into command lines and file
// names breaks its grammar.
type LeftOut struct {
	List  string `json:"list"` // host path
	Line  int    `json:"line"` // of the first one's paragraph
	Count int    `json:"count"`
	Why   string `json:"why"` // the first one is left out
}

func (l LeftOut) String() string {
	more := ""
	if l.Count > 1 {
		more = fmt.Sprintf(", and %d more", l.Count-1)
	}
	return fmt.Sprintf("left out of %s, line %d: %s%s", l.List, l.Line, l.Why, more)
}

// leave counts one more paragraph.
func (l *list) leave(line int, why error) {
	if l.left.Count == 0 {
		l.left.Line, l.left.Why = line, why.Error()
	}
	l.left.Count++
}

// leftOut lists the lists that something is left out of.
func leftOut(lists []list) []LeftOut {
	var all []LeftOut
	for _, l := range lists {
		if l.left.Count > 0 {
			all = append(all, l.left)
		}
	}
	return all
}

// words are the fields of a stanza that get into command lines and file names.
type words struct {
	name, source word.Package
	version      word.Version
	architecture word.Architecture
}

// parse fails with a *word.Error. A package may lack version and architecture, as in dpkg's status.
func (w *words) parse(field func(string) string, source string) (err error) {
	if w.name, err = word.ParsePackage(field("Package")); err != nil {
		return err
	}
	if err = w.source.UnmarshalText([]byte(source)); err != nil {
		return err
	}
	if err = w.version.UnmarshalText([]byte(field("Version"))); err != nil {
		return err
	}
	return w.architecture.UnmarshalText([]byte(field("Architecture")))
}
