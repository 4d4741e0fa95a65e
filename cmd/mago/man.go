package main

import (
	_ "embed"
	"fmt"
	"io"
	"strings"
	"text/template"

	"github.com/alecthomas/kong"
)

//go:embed mago.8.tmpl
var manTemplate string

type manCommand struct{}

// Run prints the manual page, whose commands, options and exit codes come from the program itself.
func (c *manCommand) Run(a *app) error { return writeMan(a.screen.out) }

func writeMan(w io.Writer) error {
	page, err := template.New("mago.8").Funcs(template.FuncMap{
		"troff": troff, "flag": manFlag, "synopsis": manSynopsis,
	}).Parse(manTemplate)
	if err != nil {
		return err
	}
	codes := make([]map[string]any, 0, len(exitCodes))
	for _, c := range exitCodes {
		codes = append(codes, map[string]any{"Code": c.code, "Meaning": c.meaning})
	}
	return page.Execute(w, map[string]any{"Commands": offered(grammar()), "Flags": grammar().Flags, "Codes": codes, "Version": ownVersion()})
}

// offered leaves out the commands that only the Makefile calls.
func offered(model *kong.Application) []*kong.Node {
	var nodes []*kong.Node
	for _, node := range model.Children {
		if !node.Hidden {
			nodes = append(nodes, node)
		}
	}
	return nodes
}

// troff escapes text for man(7).
func troff(s string) string {
	s = strings.NewReplacer(`\`, `\e`, "-", `\-`).Replace(s)
	if strings.HasPrefix(s, ".") || strings.HasPrefix(s, "'") {
		s = `\&` + s
	}
	return s
}

// manFlag is how an option is written: -l, --kvers-list KERNELS.
func manFlag(f *kong.Flag) string {
	text := "--" + f.Name
	if f.Short != 0 {
		text = fmt.Sprintf("-%c, %s", f.Short, text)
	}
	text = `\fB` + troff(text) + `\fR`
	switch {
	case f.IsBool() && f.PlaceHolder != "": // a value that may be left out
		text += `[=\fI` + troff(f.PlaceHolder) + `\fR]`
	case !f.IsBool():
		text += ` \fI` + troff(f.FormatPlaceHolder()) + `\fR`
	}
	return text
}

// manSynopsis is a command with its aliases and arguments.
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
