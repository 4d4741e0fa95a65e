package main

import (
	"slices"
	"strings"
	"sync"
)

// commandLines is a command line for each of the commands that commas join, in the one order that kong takes: it wants words
// together, but apt's and dpkg's users put options among them.
func commandLines(args []string) [][]string {
	words, flags, rest := partArgs(args)
	if len(words) == 0 {
		return [][]string{args}
	}
	var all [][]string
	for command := range strings.SplitSeq(words[0], ",") {
		if len(rest) > 0 {
			all = append(all, slices.Concat([]string{command}, flags, []string{"--"}, words[1:], rest))
		} else {
			all = append(all, slices.Concat([]string{command}, words[1:], flags))
		}
	}
	return all
}

// partArgs parts words from flags, which keep their values, and from what stands behind "--", which are all words.
func partArgs(args []string) (words, flags, rest []string) {
	valued := valuedFlags()
	for i := 0; i < len(args); i++ {
		switch arg := args[i]; {
		case arg == "--":
			return words, flags, args[i+1:]
		case !strings.HasPrefix(arg, "-"):
			words = append(words, arg)
		case valued[arg] || shortCluster(arg, valued):
			flags = append(flags, args[i:min(i+2, len(args))]...)
			i++
		default:
			flags = append(flags, arg)
		}
	}
	return words, flags, nil
}

// valuedFlags are the flags, of all commands or of one, that take the next argument for their value.
var valuedFlags = sync.OnceValue(func() map[string]bool {
	valued := map[string]bool{}
	for _, flag := range everyFlag(grammar()) {
		if flag.IsBool() {
			continue
		}
		for _, name := range flagNames(flag) {
			valued[name] = true
		}
	}
	return valued
})

// shortCluster reports whether letters such as -fl end in one that takes the next argument.
func shortCluster(arg string, valued map[string]bool) bool {
	if strings.HasPrefix(arg, "--") {
		return false
	}
	for i, letter := range arg[1:] {
		if valued["-"+string(letter)] {
			return i == len(arg)-2
		}
	}
	return false
}

// commandOf is the command of a line that commandLines has made, "" where there is none.
func commandOf(line []string) string {
	if len(line) == 0 || strings.HasPrefix(line[0], "-") {
		return ""
	}
	return line[0]
}
