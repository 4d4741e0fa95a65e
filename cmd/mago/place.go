package main

import "strings"

// place is the system that a run of mago works on, and its cache: the commands that mago advises have to name both.
type place struct {
	root   string // "" or "/" for the machine itself
	cache  string // as -u names it, "" for the usual one
	asRoot bool   // whether mago has root's rights
}

func (b *base) place() place {
	p := place{root: b.Root, asRoot: b.host.asRoot}
	if b.OwnCache {
		p.cache = b.cache
	}
	return p
}

// apt is a command line of apt-get's that changes the system.
func (p place) apt(verb string, words ...string) string {
	return p.program(append([]string{"apt-get", verb}, words...)...)
}

// program is the command line of one of the system's own programs that needs root.
func (p place) program(words ...string) string {
	line := []string{"sudo"}
	if p.elsewhere() {
		line = append(line, "chroot", p.root)
	}
	return typed(append(line, words...))
}

// mago is a command line of mago's by the same user.
func (p place) mago(words ...string) string {
	if p.asRoot {
		return p.sudoMago(words...)
	}
	return typed(append(append([]string{"mago"}, words...), p.options()...))
}

// sudoMago is a command line of mago's by root, who keeps out of an ordinary user's cache.
func (p place) sudoMago(words ...string) string {
	if !p.asRoot {
		p.cache = ""
	}
	return typed(append(append([]string{"sudo", "mago"}, words...), p.options()...))
}

// options are those that name the place.
func (p place) options() (words []string) {
	if p.cache != "" {
		words = append(words, "-u", p.cache)
	}
	if p.elsewhere() {
		words = append(words, "--root", p.root)
	}
	return words
}

func (p place) elsewhere() bool { return p.root != "" && p.root != "/" }

// typed is a command line as a shell takes it.
func typed(words []string) string {
	var line []string
	for _, word := range words {
		line = append(line, pasted(word))
	}
	return strings.Join(line, " ")
}
