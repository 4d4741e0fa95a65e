package catalog

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// MissingError says that Debian has a module source which this system's apt does not know.
type MissingError struct {
	Name   string // as asked
	Needed string // the module, where what was asked for is a package that needs it
	Source Known

	Place     Place   // where this system's own release has it, zero where it has not
	Backports Place   // likewise its backports, where apt's sources leave them out
	Sources   []Entry // of apt's for Debian's own archive
}

// Entry is one release and component of apt's sources.
type Entry struct {
	Place
	File string // of apt's configuration
	URI  string // of the archive
}

func (e *MissingError) Error() string {
	text := "no module source named " + e.Name + ": "
	if e.Needed != "" {
		text += "that package needs the module " + e.Needed + "; "
	}
	text += e.Source.Package + " is in "
	switch {
	case e.LeftOut():
		return text + e.Place.Component + ", which apt's sources leave out"
	case e.Place.Release != "":
		return text + e.Place.String() + ", but not in apt's lists"
	}
	return text + "Debian's " + joined(e.Source.Places) + ", not in " + e.Sources[0].Release
}

// LeftOut reports whether the component that has the source must be added to apt's sources.
func (e *MissingError) LeftOut() bool {
	return e.Place.Release != "" && !slices.ContainsFunc(e.Sources, func(s Entry) bool { return s.Place == e.Place })
}

// File is the file of apt's sources that has this system's own release.
func (e *MissingError) File() string {
	for _, s := range e.Sources {
		if s.Release == e.Place.Release {
			return s.File
		}
	}
	return e.Sources[0].File
}

func (p Place) String() string { return p.Release + "/" + p.Component }

func joined(places []Place) string {
	var words []string
	for _, p := range places {
		words = append(words, p.String())
	}
	return strings.Join(words, ", ")
}

// Locate explains a name that is not found: with a *MissingError where Debian has it but apt does not, or with the modules
// that a package of that name needs.
func (ix *Index) Locate(ctx context.Context, c Config, unknown *NotFoundError) error {
	known, ok := InDebian(unknown.Name)
	if !ok {
		return &NotFoundError{Name: unknown.Name, Similar: unknown.Similar, Needs: ix.neededBy(ctx, c, unknown.Name)}
	}
	needed := ""
	if len(known.Modules) > 0 {
		needed = known.Modules[0]
		if _, _, err := ix.Resolve(needed); err == nil {
			return &NotFoundError{Name: unknown.Name, Needs: known.Modules}
		}
		if known, ok = InDebian(moduleSource(needed)); !ok {
			return unknown
		}
	}
	sources, err := c.sources(ctx)
	if err != nil || len(sources) == 0 { // apt's failure, or another distribution: nothing more is known
		return unknown
	}
	missing := newMissing(known, sources)
	missing.Name = unknown.Name
	if needed != normal(unknown.Name) { // virtualbox needs virtualbox
		missing.Needed = needed
	}
	return missing
}

// newMissing finds a source's place in this system's own release.
func newMissing(source Known, sources []Entry) *MissingError {
	missing := &MissingError{Name: source.Package, Source: source, Sources: sources}
	for _, p := range source.Places {
		for _, s := range sources {
			switch {
			case p.Release == s.Release:
				missing.Place = p
			case p.Release == s.Release+"-backports":
				missing.Backports = p
			}
		}
	}
	return missing
}

// moduleSource is the table's first source of a module.
func moduleSource(module string) string {
	_, ix := debian()
	if m, ok := ix.module(module); ok {
		return m.Packages[0].Name.String()
	}
	return module
}

// sources asks apt which releases and components of Debian's own archive it takes packages from.
func (c Config) sources(ctx context.Context) ([]Entry, error) {
	const format = "$(ORIGIN)|$(LABEL)|$(CODENAME)|$(COMPONENT)|$(SOURCESENTRY)|$(REPO_URI)"
	out, err := c.output(ctx, "apt-get", "indextargets", "--format", format, "Created-By: Packages")
	if err != nil {
		return nil, fmt.Errorf("ask apt for its sources: %w", err)
	}
	var all []Entry
	for line := range strings.Lines(string(out)) {
		fields := strings.Split(strings.TrimSpace(line), "|")
		if len(fields) != 6 || fields[0] != "Debian" || strings.HasSuffix(fields[2], "-updates") || strings.HasSuffix(fields[2], "-security") {
			continue
		}
		file, _, _ := strings.Cut(fields[4], ":") // a line or stanza follows
		all = append(all, Entry{Place{fields[2], fields[3]}, file, fields[5]})
	}
	return all, nil
}

// Unlisted finds module sources of this system's release whose names have all the words and whose components are not in apt's
// sources; of each module the first.
func (ix *Index) Unlisted(ctx context.Context, c Config, words []string) []*MissingError {
	patterns := patternsOf(words)
	all, debianIndex := debian()
	var found []Known
	for _, m := range debianIndex.Modules {
		if _, listed := ix.module(m.Name); !listed && matches(m.text(nil), patterns) {
			found = append(found, all[m.Packages[0].Name.String()])
		}
	}
	if len(found) == 0 {
		return nil
	}
	sources, err := c.sources(ctx)
	if err != nil {
		return nil // it is only for advice
	}
	var missing []*MissingError
	for _, known := range found {
		if e := newMissing(known, sources); e.LeftOut() {
			missing = append(missing, e)
		}
	}
	return missing
}
