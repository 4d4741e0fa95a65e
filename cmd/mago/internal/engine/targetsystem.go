package engine

import "strings"

// System is the system that a run of mago works on, and its cache: the commands that mago advises have to name both.
type System struct {
	Root   string // "" or "/" for the machine itself
	Cache  string // as -u names it, "" for the usual one
	AsRoot bool   // whether mago has root's rights
}

func (b *base) system() System {
	p := System{Root: b.Root, AsRoot: b.host.AsRoot}
	if b.OwnCache {
		p.Cache = b.Cache
	}
	return p
}

// apt is a command line of apt-get's that changes the system.
func (p System) apt(verb string, words ...string) string {
	return p.program(append([]string{"apt-get", verb}, words...)...)
}

// program is the command line of one of the system's own programs that needs root.
func (p System) program(words ...string) string {
	line := []string{"sudo"}
	if p.isOtherRoot() {
		line = append(line, "chroot", p.Root)
	}
	return typed(append(line, words...))
}

// mago is a command line of mago's by the same user.
func (p System) mago(words ...string) string {
	if p.AsRoot {
		return p.sudoMago(words...)
	}
	return typed(append(append([]string{"mago"}, words...), p.options()...))
}

// sudoMago is a command line of mago's by root, who keeps out of an ordinary user's cache.
func (p System) sudoMago(words ...string) string {
	if !p.AsRoot {
		p.Cache = ""
	}
	return typed(append(append([]string{"sudo", "mago"}, words...), p.options()...))
}

// options are those that name the system.
func (p System) options() (words []string) {
	if p.Cache != "" {
		words = append(words, "-u", p.Cache)
	}
	if p.isOtherRoot() {
		words = append(words, "--root", p.Root)
	}
	return words
}

func (p System) isOtherRoot() bool { return p.Root != "" && p.Root != "/" }

// typed is a command line as a shell takes it.
func typed(words []string) string {
	var line []string
	for _, word := range words {
		line = append(line, Pasted(word))
	}
	return strings.Join(line, " ")
}
