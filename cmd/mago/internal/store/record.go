package store

import (
	"cmp"
	"slices"
	"time"

	"mago/debpkg/payload"
	"mago/debpkg/word"
	"mago/kbuild/recipe"
)

// Format is that of the records that are written. Those of formats 1 and 2 are read, too: they have no key, or one that is over
// something else.
const Format = 3

// Keyed is the first format whose records' keys compare.
const Keyed = 3

// The results that a record can have.
const (
	Built    = "built"
	Failed   = "failed"
	Excluded = "not meant for this kernel"
)

// Record is what a finished build leaves beside its log: what went in, what came out, and how to do it again.
type Record struct {
	Format  int       `json:"format"`
	Module  string    `json:"module"`
	Kernel  string    `json:"kernel"` // release
	Result  string    `json:"result"`
	Error   string    `json:"error,omitempty"`
	Started time.Time `json:"started"`
	Seconds float64   `json:"seconds"`
	Files   int       `json:"files,omitempty"` // that were compiled, as far as the build printed kbuild's lines

	Cause *recipe.Cause `json:"cause,omitempty"` // what the error usually means, where that is known

	Source        Source `json:"source"`
	KernelPackage string `json:"kernel_package,omitempty"`
	KernelVersion string `json:"kernel_version"`
	Compiler      string `json:"compiler"`
	Sandbox       string `json:"room"`
	Limits        string `json:"limits,omitempty"` // what enforced the build's limits
	Recipe        string `json:"recipe,omitempty"`
	RecipeName    string `json:"recipe_name,omitempty"`    // the module's, as its recipe has it
	RecipeVersion string `json:"recipe_version,omitempty"` // the same

	Needed   []Needed `json:"needed,omitempty"`
	Modules  []string `json:"modules,omitempty"`  // paths of the package's .ko files
	Modprobe []string `json:"modprobe,omitempty"` // the modules that no other one of these needs
	Package  string   `json:"package,omitempty"`
	Version  string   `json:"version"`
	Deb      string   `json:"deb,omitempty"`
	SHA256   string   `json:"sha256,omitempty"`           // of the .deb
	Current  string   `json:"installed_sha256,omitempty"` // of the .deb of this unit that mago installed last
	Size     int64    `json:"size,omitempty"`             // of the .deb, in bytes
	Log      string   `json:"log"`

	SBOM       string `json:"sbom,omitempty"`        // path of the list of all that went in
	SBOMSHA256 string `json:"sbom_sha256,omitempty"` // of that file

	Unauthenticated []string `json:"unauthenticated,omitempty"` // inputs other than the source that no checked signature covers

	Common *Package `json:"common,omitempty"` // the module's files that are the same for every kernel

	Allowed []payload.Grant `json:"allowed,omitempty"` // what the packages bring beside the rules for modules

	Signed   *Signed `json:"signed,omitempty"`          // what mago has signed the modules with; nil: nothing
	Came     bool    `json:"came_signed,omitempty"`     // whether the recipe gave some of the modules signed
	Compiled string  `json:"compiled_sha256,omitempty"` // of the .deb that these modules were compiled for, where they were signed anew since

	Reused *Reuse `json:"reused,omitempty"` // the build that the modules are from; nil: they were compiled

	Key    string  `json:"key,omitempty"`    // see KeyOf
	Basis  string  `json:"basis,omitempty"`  // a hash over more than Key is over; a unit that has the same has the same Key
	Inputs []Input `json:"inputs,omitempty"` // what Key is over; All leaves them out
}

// Source is where a build's source came from.
type Source struct {
	Name    string `json:"name,omitempty"`    // what a local source calls itself
	Package string `json:"package,omitempty"` // source package, "" for local ones
	Version string `json:"version"`
	Origin  string `json:"origin"`
	Path    string `json:"path"`
	SHA256  string `json:"sha256,omitempty"` // of the archive, or over a directory's contents
	Edited  bool   `json:"edited,omitempty"` // whether the opened source was built as it lay (-O), so that SHA256 is over that
	Closed  bool   `json:"closed,omitempty"` // whether nobody but the builder could change the directory, so that SHA256 is over what was built

	Unauthenticated bool `json:"unauthenticated,omitempty"` // whether no signature that apt has checked covers it
	Runtime         bool `json:"runtime,omitempty"`         // whether what its package brings beside it went into a package
}

// String is the source as messages call it.
func (s Source) String() string {
	if s.Package != "" {
		return s.Package + " " + s.Version
	}
	return s.Path
}

// Is reports whether two records are of one source: a package, or a path.
func (s Source) Is(other Source) bool {
	if s.Package != "" || other.Package != "" {
		return s.Package == other.Package
	}
	return s.Path == other.Path
}

// Package is a package that mago has written.
type Package struct {
	Package string `json:"package"`
	Version string `json:"version"`
	Deb     string `json:"deb"`
	SHA256  string `json:"sha256,omitempty"` // of the .deb
}

// Needed is a module that another one was compiled against.
type Needed struct {
	Module  string `json:"module"`
	Version string `json:"version"`
	SHA256  string `json:"sha256,omitempty"` // of its .deb; "" where only its source was there
}

// Reuse is a build for another kernel whose modules fit.
type Reuse struct {
	Kernel  string `json:"kernel"`        // release
	Key     string `json:"key,omitempty"` // of that build
	SHA256  string `json:"sha256"`        // of its .deb
	Symbols int    `json:"symbols"`       // whose CRCs were compared
}

// Signed is what modules are signed with.
type Signed struct {
	Name    string   `json:"name"`    // of the certificate
	SHA256  string   `json:"sha256"`  // of the certificate
	Modules []string `json:"modules"` // paths of the modules that mago has signed; others have come signed
}

// ID is the record's unit.
func (r Record) ID() ID { return ID{r.Module, r.Kernel} }

// Content is the SHA-256 of the .deb that the modules were compiled for: what they are, whoever signs them.
func (r Record) Content() string { return cmp.Or(r.Compiled, r.SHA256) }

// IsInstalled reports whether the record's package is what dpkg has of it, in the given version.
func (r Record) IsInstalled(version string) bool {
	return version == r.Version && r.Current == r.SHA256
}

// UnauthenticatedInputs names what went into a build that no checked signature covers.
func (r Record) UnauthenticatedInputs() []string {
	if !r.Source.Unauthenticated {
		return r.Unauthenticated
	}
	return append([]string{r.Source.Package + " " + r.Source.Version}, r.Unauthenticated...)
}

// isOf reports whether this is a readable record of a unit.
func (r Record) isOf(id ID) bool {
	return (1 <= r.Format && r.Format <= Format) && r.ID() == id && r.fits()
}

// fits reports whether the words may go into command lines, file names and scripts.
func (r Record) fits() bool {
	return fit(word.ParseName, r.Module) && fit(word.ParseRelease, r.Kernel) && fit(word.ParsePackage, r.Package, r.Source.Package) &&
		fit(word.ParseVersion, r.Version, r.Source.Version) && fit(word.ParseDKMS, r.RecipeName, r.RecipeVersion)
}

// fit parses texts; one that is missing fits.
func fit[W any](parse func(string) (W, error), texts ...string) bool {
	return !slices.ContainsFunc(texts, func(text string) bool {
		_, err := parse(text)
		return text != "" && err != nil
	})
}

// isReplacedBy reports whether another package gets this one's name.
func (p *Package) isReplacedBy(other *Package) bool {
	return p != nil && other != nil && p.Deb == other.Deb && p.SHA256 != other.SHA256
}
