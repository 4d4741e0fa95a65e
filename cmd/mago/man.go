package main

import (
	_ "embed"
	"io"
	"strings"
	"text/template"

	"github.com/alecthomas/kong"

	"mago/cmd/mago/internal/config"
)

//go:embed mago.8.tmpl
var manTemplate string

type manCommand struct{}

// Run prints the manual page, whose commands, options and exit codes come from the program itself.
func (c *manCommand) Run(a *app) error { return writeMan(a.screen.out) }

func writeMan(w io.Writer) error {
	page, err := template.New("mago.8").Funcs(template.FuncMap{
		"troff": troff, "flag": manFlag, "synopsis": manSynopsis, "shared": manShared,
	}).Parse(manTemplate)
	if err != nil {
		return err
	}
	codes := make([]map[string]any, 0, len(exitCodes))
	for _, c := range exitCodes {
		codes = append(codes, map[string]any{"Code": c.code, "Meaning": c.meaning})
	}
	return page.Execute(w, map[string]any{"Commands": offered(grammar()), "Groups": manGroups(), "Habits": manHabits(), "Codes": codes, "Fields": config.Fields, "Version": ownVersion()})
}

// manGroups returns the shared options by group.
func manGroups() []map[string]any {
	var groups []map[string]any
	for _, g := range optionGroups {
		groups = append(groups, map[string]any{"Title": g.title, "Flags": g.flagsOf(grammar(), nil)})
	}
	return groups
}

// manHabits returns the words of other programs, as mago help prints them.
func manHabits() []map[string]any {
	var all []map[string]any
	for _, h := range foreignHabits {
		all = append(all, map[string]any{"Program": h.program, "Entries": h.entries()})
	}
	return all
}

// manShared lists the shared options that a command uses.
func manShared(n *kong.Node) string {
	var names []string
	for _, group := range optionGroups {
		for _, flag := range group.flagsOf(grammar(), n) {
			names = append(names, `\fB`+troff(shortName(flag))+`\fR`)
		}
	}
	return strings.Join(names, ", ")
}

// troff escapes text for man(7).
func troff(s string) string {
	s = strings.NewReplacer(`\`, `\e`, "-", `\-`).Replace(s)
	if strings.HasPrefix(s, ".") || strings.HasPrefix(s, "'") {
		s = `\&` + s
	}
	return s
}

// manFlag formats an option: its name bold, its value in italics.
func manFlag(f *kong.Flag) string {
	name, value := optionText(f)
	text := `\fB` + troff(name) + `\fR`
	if bare := strings.Trim(value, "[= ]"); bare != "" {
		text += strings.Replace(value, bare, `\fI`+troff(bare)+`\fR`, 1)
	}
	return text
}

// manSynopsis formats a command with its aliases and arguments.
func manSynopsis(n *kong.Node) string {
	text := `\fB` + troff(strings.Join(append([]string{n.Name}, n.Aliases...), ", ")) + `\fR`
	for _, argument := range n.Positional {
		name := `\fI` + troff(strings.ToUpper(argument.Name)) + `\fR`
		if argument.IsCumulative() {
			name += "..."
		}
		if !argument.Required {
			name = "[" + name + "]"
		}
		text += " " + name
	}
	return text
}
