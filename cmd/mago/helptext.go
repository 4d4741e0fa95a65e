package main

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/alecthomas/kong"
)

// helpColumns is the width of help, and helpIndent the column of its second part.
const (
	helpColumns = 79
	helpIndent  = 24
)

// writeOverview writes the first page, which fits a terminal of 24 lines with the prompt below it.
func writeOverview(w io.Writer, model *kong.Application) {
	fmt.Fprintf(w, "Usage: mago COMMAND[,COMMAND...] [OPTION...] [MODULE...]\n")
	var minor []string
	for _, node := range offered(model) {
		if node.Tag.Has("minor") {
			minor = append(minor, node.Name)
			continue
		}
		writeEntry(w, overviewName(node), brief(node.Help))
	}
	fmt.Fprintln(w)
	for _, group := range optionGroups {
		for _, flag := range group.flagsOf(model, nil) {
			if text := usualOptions[flag.Name]; text != "" {
				_, value := optionText(flag)
				writeEntry(w, shortName(flag)+value, text)
			}
		}
	}
	fmt.Fprintln(w)
	fmt.Fprintln(w, "Also: "+strings.Join(minor, ", "))
	fmt.Fprintln(w, `More: "mago help COMMAND", "mago help options", mago(8)`)
}

// overviewName is a command's name with its short form.
func overviewName(node *kong.Node) string {
	if len(node.Aliases) > 0 && len(node.Aliases[0]) <= 3 {
		return node.Name + ", " + node.Aliases[0]
	}
	return node.Name
}

// brief is the beginning of a help text, up to the first of ":;.".
func brief(text string) string {
	if i := strings.IndexAny(text, ":;."); i > 0 {
		return text[:i]
	}
	return text
}

// writeCommandHelp writes a command's own page.
func writeCommandHelp(w io.Writer, model *kong.Application, node *kong.Node) {
	fmt.Fprintf(w, "Usage: mago %s [OPTION...]%s\n", node.Name, argumentText(node))
	if len(node.Aliases) > 0 {
		fmt.Fprintf(w, "Also called: %s\n", strings.Join(node.Aliases, ", "))
	}
	fmt.Fprintln(w)
	writeWrapped(w, "", 0, node.Help)
	if len(node.Positional) > 0 {
		fmt.Fprintln(w)
	}
	for _, argument := range node.Positional {
		writeEntry(w, strings.ToUpper(argument.Name), argument.Help)
	}
	if flags := optionsFor(model, node); len(flags) > 0 {
		fmt.Fprintln(w)
		writeFlags(w, node, flags)
	}
	if example := node.Tag.Get("example"); example != "" {
		fmt.Fprintf(w, "\nFor example: %s\n", example)
	}
	fmt.Fprintf(w, "\nMore: \"mago help options\" (the options of all commands), mago(8)\n")
}

// argumentText is the part of a usage line after the options.
func argumentText(node *kong.Node) string {
	text := ""
	for _, argument := range node.Positional {
		name := strings.ToUpper(argument.Name)
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

// writeOptionsHelp writes the options that all commands share.
func writeOptionsHelp(w io.Writer, model *kong.Application) {
	for i, group := range optionGroups {
		if i > 0 {
			fmt.Fprintln(w)
		}
		fmt.Fprintln(w, group.title+":")
		writeFlags(w, nil, group.flagsOf(model, nil))
	}
}

// writeFlags writes options as all commands have them, or as one has, which may say in a tag what one of them means to it.
func writeFlags(w io.Writer, node *kong.Node, flags []*kong.Flag) {
	for _, flag := range flags {
		name, value := optionText(flag)
		own := ""
		if node != nil {
			own = node.Tag.Get("about-" + flag.Name)
		}
		writeEntry(w, name+value, cmp.Or(own, flag.Help))
	}
}

// optionText formats an option as -l, --kvers-list, and its value as " KERNELS".
func optionText(flag *kong.Flag) (name, value string) {
	name = "--" + flag.Name
	if flag.Short != 0 {
		name = fmt.Sprintf("-%c, %s", flag.Short, name)
	}
	switch {
	case flag.IsBool() && flag.PlaceHolder != "": // a value that may be left out
		value = "[=" + flag.PlaceHolder + "]"
	case !flag.IsBool():
		value = " " + flag.FormatPlaceHolder()
	}
	return name, value
}

// shortName is an option's letter, or its name if it has none.
func shortName(flag *kong.Flag) string {
	if flag.Short != 0 {
		return "-" + string(flag.Short)
	}
	return "--" + flag.Name
}

// entry is a name with what it means.
type entry struct{ Name, Text string }

// entries are all words and variables of a program.
func (h habits) entries() []entry {
	var all []entry
	for _, one := range slices.Concat(h.commands, h.options) {
		all = append(all, entry{strings.Join(one.words, ", "), one.way})
	}
	for _, v := range h.variables {
		all = append(all, entry{v.name, cmp.Or(v.instead, "mago reads it as "+h.program+" does")})
	}
	return all
}

// writeHabits writes what a program's users type, and mago's way.
func writeHabits(w io.Writer, h habits) {
	fmt.Fprintf(w, "What users of %s type, and mago's way:\n", h.program)
	for _, e := range h.entries() {
		writeEntry(w, e.Name, e.Text)
	}
}

// writeEntry writes a name and its text beside it, or below where the name is long.
func writeEntry(w io.Writer, name, text string) {
	name = "  " + name
	if utf8.RuneCountInString(name) > helpIndent-2 {
		fmt.Fprintln(w, name)
		name = ""
	}
	writeWrapped(w, name, helpIndent, text)
}

// writeWrapped writes text in a column, after the beginning of its first line.
func writeWrapped(w io.Writer, first string, column int, text string) {
	line := fmt.Sprintf("%-*s", column, first)
	empty := true
	for _, word := range strings.Fields(text) {
		if !empty && utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) > helpColumns {
			fmt.Fprintln(w, line)
			line, empty = strings.Repeat(" ", column), true
		}
		if !empty {
			line += " "
		}
		line, empty = line+word, false
	}
	fmt.Fprintln(w, line)
}
