package sources

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"

	"mago/debpkg/control"
)

// controls are the files that say what a source with a debian directory needs; module-assistant's tarballs have templates.
var controls = []string{"control", "control.modules.in", "control.in"}

var buildDepends = []string{"Build-Depends", "Build-Depends-Arch", "Build-Depends-Indep"}

// BuildDepends gives what the source's debian/control, or else a template of it, wants installed for a build on a
// machine of Debian's architecture arch (Debian Policy 7.7), in the form of a binary package's Depends. Tests and
// documentation are not built: the profiles nocheck and nodoc hold. It is "" where nothing is said.
func (t *Tree) BuildDepends(arch string) (string, error) {
	root, err := t.Open()
	if err != nil {
		return "", err
	}
	defer root.Close()
	for _, name := range controls {
		name = path.Join("debian", name)
		needs, err := declared(root, name, arch)
		if err != nil {
			return "", fmt.Errorf("read the needs of %s: %w", t.Name, err)
		}
		if needs != "" {
			return needs, nil
		}
	}
	return "", nil
}

// declared reads the relations from the first paragraph of a control file; "" where there is no such plain file.
func declared(root *os.Root, name, arch string) (string, error) {
	info, err := root.Stat(name)
	if errors.Is(err, fs.ErrNotExist) || err == nil && (!info.Mode().IsRegular() || info.Size() > factsMax) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	file, err := root.Open(name)
	if err != nil {
		return "", err
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, factsMax))
	if err != nil {
		return "", err
	}
	scanner := control.NewScanner(strings.NewReader(blank.ReplaceAllString(comments.ReplaceAllString(string(text), ""), "")), name)
	if !scanner.Scan() {
		return "", scanner.Err()
	}
	p, err := scanner.Paragraph()
	if err != nil {
		return "", err
	}
	var needs []string
	for _, field := range buildDepends {
		needs = append(needs, unrestricted(p.Get(field), arch)...)
	}
	return strings.Join(needs, ", "), nil
}

// comments are those of debian/control (deb-src-control(5)); blank lines part its paragraphs, whatever blanks they hold.
var (
	comments = regexp.MustCompile(`(?m)^#.*\n`)
	blank    = regexp.MustCompile(`(?m)^[ \t\r\f\v]+$`)
)

// unrestricted resolves the restrictions to architectures and build profiles in a field of relations.
func unrestricted(field, arch string) []string {
	var relations []string
	for relation := range strings.SplitSeq(field, ",") {
		var alternatives []string
		for alternative := range strings.SplitSeq(relation, "|") {
			if plain, ok := applies(alternative, arch); ok {
				alternatives = append(alternatives, plain)
			}
		}
		if len(alternatives) > 0 {
			relations = append(relations, strings.Join(alternatives, " | "))
		}
	}
	return relations
}

var restriction = regexp.MustCompile(`\[([^\]]*)\]|<([^>]*)>`)

// versioned is a version in parentheses, whose < and > are no restriction.
var versioned = regexp.MustCompile(`\([^)]*\)`)

// applies takes an alternative's restrictions off and reports whether they hold. One that is none is left as it is: who reads
// relations will say so.
func applies(alternative, arch string) (plain string, ok bool) {
	versions := versioned.FindAllString(alternative, -1)
	rest := versioned.ReplaceAllString(alternative, " ")
	name := restriction.ReplaceAllString(rest, " ")
	if len(versions) > 1 || strings.ContainsAny(name, "()[]<>") {
		return strings.Join(strings.Fields(alternative), " "), true
	}
	ok = true
	var formulas, holding int
	for _, m := range restriction.FindAllStringSubmatch(rest, -1) {
		if strings.HasPrefix(m[0], "[") {
			ok = ok && forArchitecture(strings.Fields(m[1]), arch)
			continue
		}
		formulas++
		if profilesHold(strings.Fields(m[2])) {
			holding++
		}
	}
	ok = ok && (formulas == 0 || holding > 0)
	plain = strings.Join(strings.Fields(name+" "+strings.Join(versions, "")), " ")
	return plain, ok && plain != ""
}

func profilesHold(terms []string) bool {
	return !slices.ContainsFunc(terms, func(term string) bool {
		name, not := strings.CutPrefix(term, "!")
		return (name == "nocheck" || name == "nodoc") == not
	})
}

// forArchitecture: amd64, any, linux-any and any-amd64 are amd64; a list of what is excluded takes in the rest.
func forArchitecture(names []string, arch string) bool {
	is := func(name string) bool {
		return slices.Contains([]string{arch, "any", "linux-any", "any-" + arch, "linux-" + arch}, name)
	}
	for _, name := range names {
		if excluded, not := strings.CutPrefix(name, "!"); is(excluded) {
			return !not
		}
	}
	return len(names) > 0 && strings.HasPrefix(names[0], "!")
}
