package payload

import (
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// Policy says what the packages of one module may have.
type Policy struct {
	Module  string   // its name, which directories of its own have
	Local   bool     // whether no archive vouches for its source
	Vouched []string // paths that the source's own package has, which an archive vouches for: they may be anywhere
	Allow   []Glob   // paths that the user allows
}

// Archive, as a Grant's reason, allows what Policy.Vouched names.
const Archive = "archive"

// Grant is a path outside of the rules, with its reason: Archive or a Glob.
type Grant struct {
	Path string `json:"path"`
	By   string `json:"by"`
}

// Check applies the rules to the packages of one build. The error is a *RefusedError; the grants are what the rules alone do
// not allow.
func (p Policy) Check(packages ...Package) ([]Grant, error) {
	c := &checking{Policy: p, links: map[string]bool{}, paths: map[string]bool{}}
	for _, pkg := range packages {
		c.note(pkg)
	}
	for _, pkg := range packages {
		for _, e := range pkg.Entries {
			c.entry(e)
		}
	}
	return c.grants, c.err()
}

// checking is the state of a Check; all paths are canonical.
type checking struct {
	Policy
	links   map[string]bool
	paths   map[string]bool // all but directories
	twice   []string
	refused []Refusal
	grants  []Grant
}

func (c *checking) note(pkg Package) {
	for _, e := range pkg.Entries {
		name := canonical(e.Path)
		if e.Mode.IsDir() {
			continue
		}
		if c.paths[name] {
			c.twice = append(c.twice, name)
		}
		c.paths[name] = true
		c.links[name] = c.links[name] || e.Link != ""
	}
}

func (c *checking) err() error {
	if len(c.refused) == 0 {
		return nil
	}
	return &RefusedError{c.refused}
}

// entry refuses what no option allows, and what no rule has.
func (c *checking) entry(e Entry) {
	if why := c.unsafe(e); why != "" {
		c.refused = append(c.refused, Refusal{e.Path, why, true})
		return
	}
	if e.Mode.IsDir() {
		return // made for what is in it
	}
	if slices.Contains(c.Vouched, e.Path) {
		if _, why := c.Kind(e); why != "" {
			c.grants = append(c.grants, Grant{e.Path, Archive})
		}
		return
	}
	if _, why := c.Kind(e); why != "" {
		c.outside(e.Path, why)
	}
}

// outside refuses a path, unless the user allows it.
func (c *checking) outside(name, why string) {
	i := c.allowed(name)
	if i < 0 {
		c.refused = append(c.refused, Refusal{name, why, false})
		return
	}
	c.grants = append(c.grants, Grant{name, c.Allow[i].String()})
}

// allowed is the index of the first Glob that allows a path, -1 for none.
func (p Policy) allowed(name string) int {
	return slices.IndexFunc(p.Allow, func(g Glob) bool { return g.Match(name) })
}

// unsafe says what is wrong with an entry at any path, "" for nothing.
func (c *checking) unsafe(e Entry) string {
	name := canonical(e.Path)
	switch {
	case !isClean(e.Path) && e.Path != "/" || e.Link != "" && !isShown(e.Link):
		return "is not a clean path without control characters"
	case e.Odd != "":
		return "is " + e.Odd
	case e.Mode&(fs.ModeSetuid|fs.ModeSetgid|fs.ModeSticky) != 0 || e.Mode.Perm()&0o022 != 0 && !slices.Contains(c.Vouched, e.Path):
		return fmt.Sprintf("has the mode %v, which gives rights to others", e.Mode)
	case e.Mode.IsDir() && c.paths[name], !e.Mode.IsDir() && slices.Contains(c.twice, name):
		return "is there twice"
	}
	for _, dir := range parents(name) {
		if c.paths[dir] {
			return "lies below " + dir + ", which is not a directory"
		}
	}
	return ""
}

// Kind is what a file is for by the rules, or why they do not allow it.
func (p Policy) Kind(e Entry) (Kind, string) {
	name := canonical(e.Path)
	rule := p.rule(name)
	switch {
	case rule < 0:
		return Foreign, "is not where a module has files"
	case reserved[path.Base(p.ownDirectory(name))]:
		return Foreign, "is in a directory that belongs to others"
	}
	if e.Link != "" && !p.leadsHome(e) {
		return Foreign, "is a link to " + e.Link
	}
	if isLibrary(name) {
		if why := checkLibrary(e); why != "" {
			return Foreign, why
		}
	}
	return rules[rule].kind, ""
}

// rule is the index of the first rule for a canonical path, -1 for none.
func (p Policy) rule(name string) int {
	parts := split(name)
	return slices.IndexFunc(patterns, func(pattern []string) bool { return matches(pattern, parts, p.part) })
}

// part reports whether a component matches one of a rule.
func (p Policy) part(pattern, name string) bool {
	before, named := strings.CutSuffix(pattern, "{name}")
	switch {
	case pattern == "{triplet}":
		return isTriplet(name)
	case !named:
		return fits(pattern, name)
	}
	rest := name
	if before != "" {
		i := strings.Index(name, p.Module)
		if i < 0 || !fits(before, name[:i]) {
			return false
		}
		rest = name[i:]
	}
	return p.Module != "" && (rest == p.Module || strings.HasPrefix(rest, p.Module+"-"))
}

// ownDirectory is the directory or file with the module's name that holds a path below /usr/lib, /usr/libexec and /usr/share;
// "" for none.
func (p Policy) ownDirectory(name string) string {
	if i := p.rule(name); i < 0 || rules[i].kind != Own && !strings.HasPrefix(name, "/usr/libexec/") {
		return ""
	}
	for _, dir := range append([]string{name}, parents(name)...) {
		above := path.Dir(dir)
		if slices.Contains([]string{"/usr/lib", "/usr/libexec", "/usr/share"}, above) && !isTriplet(path.Base(dir)) ||
			path.Dir(above) == "/usr/lib" && isTriplet(path.Base(above)) {
			return dir
		}
	}
	return ""
}

// leadsHome reports whether a link's target is below /usr, where only packages write, or a configuration file that the
// packages bring.
func (p Policy) leadsHome(e Entry) bool {
	target := e.Link
	if !path.IsAbs(target) {
		target = path.Join(path.Dir(canonical(e.Path)), target)
	}
	target = canonical(path.Clean(target))
	return isBelow(target, "/usr") && !isBelow(target, "/usr/local") && target != "/usr/local" || p.rule(target) >= 0
}
