package dkms

import (
	"fmt"
	"slices"
	"strings"

	"mago/debpkg/lazy"
	"mago/debpkg/word"
)

// Mistakes tells what of a file may not do what it was written for: what was printed while it was evaluated, variables that
// are nearly directives, expressions that fit nothing, and an administrator's files that builds cannot read.
func (c *Conf) Mistakes() []string {
	all := c.complaints()
	for _, i := range c.Indexes("closed") {
		all = append(all, fmt.Sprintf("builds cannot read %s, so it does not count", c.values["closed"][i]))
	}
	for _, name := range c.Misspelt {
		all = append(all, fmt.Sprintf("%s is not a directive, and has no effect; %s is one", name, word.Nearest(name, directives)))
	}
	for _, directive := range []string{"MAKE_MATCH", "PATCH_MATCH"} {
		for _, i := range c.Indexes(directive) {
			if c.verdict(directive, i) == broken {
				all = append(all, fmt.Sprintf("%s[%d]=%q is not a regular expression to bash, and matches no kernel", directive, i, c.values[directive][i]))
			}
		}
	}
	return all
}

// ofConf is what bash says first of a line of the file, whose directory is mago's affair.
var ofConf = lazy.Regexp(`^\S*/dkms\.conf: `)

// complaints are the first lines of what was printed, each once.
func (c *Conf) complaints() []string {
	const most = 4
	var lines []string
	for line := range strings.Lines(c.Said) {
		line = strings.TrimSpace(ofConf().ReplaceAllString(line, ""))
		if line != "" && !slices.Contains(lines, line) {
			lines = append(lines, line)
		}
	}
	if more := len(lines) - most; more > 1 {
		lines = append(lines[:most], fmt.Sprintf("it printed %d more lines", more))
	}
	return lines
}

// assigning is a line that sets a variable.
var assigning = lazy.Regexp(`(?m)^[ \t]*(?:(?:export|local|declare)[ \t]+)?([A-Z_]{8,})(?:\[[^]\n]*\])?\+?=`)

// reading is where a text takes the value of a variable.
var reading = lazy.Regexp(`\$(?:\{[#!]?)?([A-Z_]{8,})`)

// Misspelt lists the variables that the text of a dkms.conf sets, does not read, and seems to take for directives. Bash is not
// asked for all that are set: a kernel's .config, which some source, sets thousands. Shorter names have too many neighbours.
func Misspelt(text string) (names []string) {
	known := slices.Clone(directives)
	for _, read := range reading().FindAllStringSubmatch(text, -1) {
		known = append(known, read[1])
	}
	for _, set := range assigning().FindAllStringSubmatch(text, -1) {
		name := set[1]
		if !slices.Contains(known, name) && !slices.Contains(names, name) && word.Nearest(name, directives) != "" {
			names = append(names, name)
		}
	}
	return names
}
