// Package config reads mago's configuration: mago.conf, mago.conf.d and a file for each module that has one, deb822(5) all of
// them. It says what each field is worth, where that comes from, and which lines are mistakes. Options and variables are not
// its own: who calls it gives them as settings.
package config

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Config is what the files say.
type Config struct {
	Mistakes []*Mistake // in the order of the files and their lines
	Files    []string   // that were read
	Closed   []string   // files that this user may not read, and that so do not count

	general   []Setting
	modules   map[string][]Setting // by the module's name
	ofModules []moduleFile
	ignored   []*Mistake // files that are not read
}

// Mistake is something in a file that mago does not take.
type Mistake struct {
	File string
	Line int // 0 for the file itself
	Err  error
	Idle bool // whether it may be right for another machine, and so is told only
}

func (m *Mistake) Error() string {
	if m.Line == 0 {
		return m.File + ": " + m.Err.Error()
	}
	return fmt.Sprintf("%s:%d: %v", m.File, m.Line, m.Err)
}

func (m *Mistake) Unwrap() error { return m.Err }

// Error says that the configuration has mistakes.
type Error struct{ Mistakes []*Mistake }

func (e *Error) Error() string {
	text := e.Mistakes[0].Error()
	if more := len(e.Mistakes) - 1; more > 0 {
		text += fmt.Sprintf(" (and %d more)", more)
	}
	return text
}

// Check gives an *Error where there are mistakes.
func (c *Config) Check() error {
	if len(c.Mistakes) == 0 {
		return nil
	}
	return &Error{c.Mistakes}
}

// Modules names the modules that have a file of their own.
func (c *Config) Modules() []string { return slices.Sorted(maps.Keys(c.modules)) }

// Own are the settings that a module's own files say, but for those that a later one of its files says again.
func (c *Config) Own(module string) []Setting {
	return slices.DeleteFunc(c.Of(module), func(s Setting) bool {
		return !slices.ContainsFunc(c.ofModules, func(m moduleFile) bool { return m.name == module && m.file == s.File })
	})
}

// Of are the settings of a module, or of all modules for "": one for each field, in the table's order, with the default where
// nobody says another. stronger, the environment's and then the command line's, count more than the files. Of Jobs, a module's are its own
// file's alone.
func (c *Config) Of(module string, stronger ...Setting) []Setting {
	var all []Setting
	for i := range Fields {
		switch f := &Fields[i]; {
		case module != "" && f.Name == Jobs:
			all = append(all, inForce(f, defaults(f), c.modules[module])...)
		case module != "", f.General:
			all = append(all, inForce(f, defaults(f), c.general, c.modules[module], stronger)...)
		}
	}
	return all
}

// inForce are a field's settings out of several lists, of which a later one counts more.
func inForce(f *Field, lists ...[]Setting) (all []Setting) {
	for _, s := range slices.Concat(lists...) {
		if s.Field != f.Name {
			continue
		}
		if i := slices.IndexFunc(all, func(had Setting) bool { return had.Part == s.Part }); i >= 0 {
			all[i] = s
		} else {
			all = append(all, s)
		}
	}
	return all
}

// Setting is one field's value, or of Limits that of one limit.
type Setting struct {
	Field string `json:"field"`
	Part  string `json:"limit,omitempty"` // of Limits, the limit's name
	Value string `json:"value"`           // "" where nobody has said one
	Origin
}

// Settings are those of a field's text, which may be several for Limits.
func Settings(f *Field, text string, from Origin) (all []Setting) {
	if f.Name != Limits {
		return []Setting{{Field: f.Name, Value: text, Origin: from}}
	}
	for _, word := range limitWords(text) {
		name, _, _ := strings.Cut(word, "=")
		all = append(all, Setting{f.Name, name, word, from})
	}
	return all
}

// Origin is where a value comes from.
type Origin struct {
	From string `json:"from"`           // Default, File, Environment or Option
	Name string `json:"name,omitempty"` // of the variable or option
	File string `json:"file,omitempty"`
	Line int    `json:"line,omitempty"`
}

// The values of Origin.From, the weakest first.
const (
	Default     = "default"
	File        = "file"
	Environment = "environment"
	Option      = "option"
)

func (o Origin) String() string {
	switch o.From {
	case File:
		return fmt.Sprintf("%s:%d", o.File, o.Line)
	case Default:
		return o.From
	}
	return o.Name
}
