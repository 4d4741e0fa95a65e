package payload

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// System is one that packages are to be installed on.
type System struct {
	Root string // "" or "/" for the running one
	// Broken are packages that dpkg was ended in the middle of: it has put files there and not yet written down whose.
	Broken []string
	// Matching gives the installed packages that a Replaces is about, none if nil.
	Matching func(replaces string) []string
}

// Check applies the policy to the packages of one build as they would come to the system. The error is a *RefusedError, or
// an *InTheWayError for what nobody can allow, a file that is there already, of nobody or of another package; and for what
// else is in the way of a source that an archive vouches for.
func (s System) Check(p Policy, packages ...Package) error {
	c := &comparing{System: s, owners: owners{root: filepath.Join("/", s.Root)}, checking: &checking{Policy: p}}
	for _, pkg := range packages {
		c.own = append(c.own, pkg.Name)
	}
	if err := errors.Join(c.owners.readDiversions(), c.owners.readOwn(c.own)); err != nil {
		return err
	}
	for _, pkg := range packages {
		for _, e := range pkg.Entries {
			if err := c.entry(pkg, e); err != nil {
				return fmt.Errorf("look at %s: %w", e.Path, err)
			}
		}
	}
	if len(c.inTheWay) > 0 {
		return &InTheWayError{c.inTheWay}
	}
	return c.err()
}

// comparing is a System.Check at work.
type comparing struct {
	System
	*checking
	owners   owners
	own      []string // the packages' names
	inTheWay []Refusal
}

func (c *comparing) entry(pkg Package, e Entry) error {
	name, links, err := c.locate(c.owners.diverted(canonical(e.Path), c.own))
	if errors.Is(err, errNotDirectory) {
		c.inTheWay = append(c.inTheWay, Refusal{e.Path, "is below what is not a directory there", true})
		return nil
	}
	if err != nil {
		return err
	}
	if e.Mode.IsDir() {
		return c.directory(e, name)
	}
	if err := c.covered(pkg, e, name); err != nil {
		return err
	}
	if slices.Contains(c.Vouched, e.Path) {
		return nil
	}
	if err := c.ledAway(e, name, links); err != nil {
		return err
	}
	if err := c.hides(pkg, e.Path); err != nil {
		return err
	}
	return c.ownOnly(e.Path)
}

// directory takes a directory for one that is there, also behind a link.
func (c *comparing) directory(e Entry, name string) error {
	info, err := os.Lstat(c.host(name))
	if errors.Is(err, fs.ErrNotExist) || err == nil && (info.IsDir() || info.Mode().Type() == fs.ModeSymlink) {
		return nil
	}
	if err == nil {
		c.inTheWay = append(c.inTheWay, Refusal{e.Path, "is not a directory there", true})
	}
	return err
}

// covered looks for what a file would take the place of. dpkg leaves a conffile as it finds it.
func (c *comparing) covered(pkg Package, e Entry, name string) error {
	info, err := os.Lstat(c.host(name))
	if errors.Is(err, fs.ErrNotExist) || err == nil && !info.IsDir() && c.owners.own[name] {
		return nil
	}
	if err != nil {
		return err
	}
	of, err := c.owners.of(name)
	if err != nil {
		return err
	}
	others := slices.DeleteFunc(of, func(owner string) bool {
		return slices.Contains(c.own, owner) || c.replaces(pkg, owner)
	})
	switch {
	case info.IsDir():
		c.inTheWay = append(c.inTheWay, Refusal{e.Path, "is a directory there", true})
	case len(others) > 0:
		c.inTheWay = append(c.inTheWay, Refusal{e.Path, "of " + strings.Join(others, ", "), true})
	case len(of) == 0 && !slices.Contains(pkg.Conffiles, e.Path) && !c.halfDone():
		c.inTheWay = append(c.inTheWay, Refusal{e.Path, "of no package", true})
	}
	return nil
}

// replaces reports whether a package takes the place of another one's files, which a source that nobody vouches for may not.
func (c *comparing) replaces(pkg Package, owner string) bool {
	return !c.Local && c.Matching != nil && slices.Contains(c.Matching(pkg.Replaces), owner)
}

// outside refuses a path where the system is not as it should be for it. Of a source that an archive vouches for the files may
// lie anywhere: its recipe is good, and something is in its way.
func (c *comparing) outside(name, why string) {
	if c.Local || c.allowed(name) >= 0 {
		c.checking.outside(name, why)
		return
	}
	c.inTheWay = append(c.inTheWay, Refusal{name, why, false})
}

// halfDone reports whether dpkg was ended while it put one of the packages on the system.
func (c *comparing) halfDone() bool {
	return slices.ContainsFunc(c.own, func(name string) bool { return slices.Contains(c.Broken, name) })
}

// ledAway applies the rules again where links of packages lead a file elsewhere; those of nobody are the administrator's.
func (c *comparing) ledAway(e Entry, name string, links []string) error {
	for _, link := range links {
		of, err := c.owners.of(link)
		if err != nil {
			return err
		}
		if len(of) == 0 {
			continue
		}
		if _, why := c.Kind(Entry{Path: name, Link: e.Link, Mode: e.Mode, Soname: e.Soname}); why != "" {
			c.outside(e.Path, fmt.Sprintf("would come to %s by a link, which %s", name, why))
			return nil
		}
	}
	return nil
}

// ownOnly keeps a source that nobody vouches for from a directory of its name that others have, too.
func (c *comparing) ownOnly(name string) error {
	dir := c.ownDirectory(canonical(name))
	if dir == "" || !c.Local || c.halfDone() {
		return nil
	}
	if _, err := os.Lstat(c.host(dir)); err != nil {
		return nil
	}
	of, err := c.owners.of(dir)
	if err != nil {
		return err
	}
	foreign := slices.DeleteFunc(slices.Clone(of), c.isModules)
	switch {
	case len(foreign) > 0:
		c.outside(name, fmt.Sprintf("is in %s, of %s", dir, foreign[0]))
	case len(of) == 0:
		c.outside(name, fmt.Sprintf("is in %s, which is there and of no package", dir))
	}
	return nil
}

// isModules tells the packages that mago makes of the module.
func (c *comparing) isModules(pkg string) bool {
	return slices.Contains(c.own, pkg) || strings.HasPrefix(pkg, c.Module+"-modules-")
}

func (s System) host(name string) string { return filepath.Join("/", s.Root, name) }

var errNotDirectory = errors.New("not a directory")

// locate follows the links above a path, as they are followed within the root, and gives where the path itself comes to
// lie and the links that were followed, but for those of a merged /usr.
func (s System) locate(name string) (at string, links []string, err error) {
	at = "/"
	const most = 40 // as the kernel follows
	for rest := split(path.Dir(name)); len(rest) > 0; {
		part := rest[0]
		rest = rest[1:]
		next := path.Join(at, part)
		info, err := os.Lstat(s.host(next))
		switch {
		case errors.Is(err, fs.ErrNotExist):
			at = next
			continue
		case err != nil:
			return "", nil, err
		case info.Mode().Type() == fs.ModeSymlink:
			target, err := os.Readlink(s.host(next))
			if err != nil {
				return "", nil, err
			}
			if canonical(next) == next {
				links = append(links, next)
			}
			if len(links) > most {
				return "", nil, errors.New("too many links")
			}
			if path.IsAbs(target) {
				at = "/"
			}
			rest = slices.Concat(split(path.Clean(target)), rest)
		case !info.IsDir():
			return "", nil, errNotDirectory
		default:
			at = next
		}
	}
	return canonical(path.Join(at, path.Base(name))), links, nil
}
