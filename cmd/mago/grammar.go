package main

import (
	"io"
	"slices"
	"sync"

	"github.com/alecthomas/kong"
)

// grammar is the tree of commands and options; what it is asked never depends on a command line.
var grammar = sync.OnceValue(func() *kong.Application {
	parser, err := newParser(&cli{}, io.Discard, io.Discard)
	if err != nil {
		panic(err) // a tag of cli is wrong
	}
	return parser.Model
})

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

// commandCalled is the command of a name or an alias, nil for none.
func commandCalled(model *kong.Application, name string) *kong.Node {
	for _, node := range model.Children {
		if node.Name == name || slices.Contains(node.Aliases, name) {
			return node
		}
	}
	return nil
}

func commandNames(model *kong.Application) []string {
	var names []string
	for _, node := range offered(model) {
		names = append(append(names, node.Name), node.Aliases...)
	}
	return names
}

// everyFlag are the flags of all commands and of each.
func everyFlag(model *kong.Application) []*kong.Flag {
	all := slices.Clone(model.Flags)
	for _, node := range model.Children {
		all = append(all, node.Flags...)
	}
	return all
}

// flagCalled is the flag of a name with its dashes, nil for none.
func flagCalled(flags []*kong.Flag, name string) *kong.Flag {
	for _, flag := range flags {
		if slices.Contains(flagNames(flag), name) {
			return flag
		}
	}
	return nil
}

// flagNames are all that a flag can be called by, with their dashes.
func flagNames(flag *kong.Flag) []string {
	names := []string{"--" + flag.Name}
	if flag.Short != 0 {
		names = append(names, "-"+string(flag.Short))
	}
	for _, alias := range flag.Aliases {
		names = append(names, "--"+alias)
	}
	return names
}
