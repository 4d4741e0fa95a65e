package dkms

import (
	"slices"
	"strings"

	"mago/debpkg/lazy"
)

// A list of makes is written with words that no evaluation turns into others: no variable, substitution or pattern.
const (
	plainWord = `(?:[\w./:=+,@%-]|'[^']*'|"[^"$` + "`" + `\\]*")+`
	oneMake   = `(?:\w+=(?:` + plainWord + `)?[ \t]+)*make(?:[ \t]+` + plainWord + `)*`
)

var (
	makeList = lazy.Regexp(`^[\s({]*` + oneMake + `(?:[\s)]*(?:;|&&|\n)[\s({]*` + oneMake + `)*[\s)};]*$`)
	makeCall = lazy.Regexp(oneMake)
	makeWord = lazy.Regexp(plainWord)
)

// takesArgument are the options of make whose argument is a word of its own.
var takesArgument = []string{"-C", "--directory", "-f", "--file", "--makefile", "-I", "--include-dir", "-o", "--old-file", "-W", "--what-if"}

// OnlyMakes reports whether a MAKE directive calls nothing but make, once or one after the other, and each of them for at most one
// target: what it builds is then the same with many compilers, as make orders nothing between targets that are named side by side.
func OnlyMakes(command string) bool {
	if !makeList().MatchString(command) {
		return false
	}
	return !slices.ContainsFunc(makeCall().FindAllString(command, -1), func(call string) bool { return targets(call) > 1 })
}

// targets counts what a call of make names beside options and variables.
func targets(call string) (n int) {
	words := makeWord().FindAllString(call, -1)
	for i := slices.Index(words, "make") + 1; i < len(words); i++ {
		switch word := words[i]; {
		case slices.Contains(takesArgument, word):
			i++
		case !strings.HasPrefix(word, "-") && !strings.Contains(word, "="):
			n++
		}
	}
	return n
}
