package engine

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"mago/debpkg/payload"
	"mago/debpkg/word"
	"mago/kbuild/recipe"
)

// The results that a record can have.
const (
	ResultBuilt   = "built"
	resultFailed  = "failed"
	ResultExclude = "not meant for this kernel"
)

// Record is what a finished build leaves beside its log: enough to know what went in and to do it again.
type Record struct {
	Format  int       `json:"format"` // 1
	Module  string    `json:"module"`
	Kernel  string    `json:"kernel"` // release
	Result  string    `json:"result"`
	Error   string    `json:"error,omitempty"`
	Started time.Time `json:"started"`
	Seconds float64   `json:"seconds"`

	Cause *recipe.Cause `json:"cause,omitempty"` // what the error usually means, where that is known

	Source        RecordSource `json:"source"`
	KernelPackage string       `json:"kernel_package,omitempty"`
	KernelVersion string       `json:"kernel_version"`
	Compiler      string       `json:"compiler"`
	Room          string       `json:"room"`
	Limits        string       `json:"limits,omitempty"` // what held the build to them
	Recipe        string       `json:"recipe,omitempty"`
	RecipeName    string       `json:"recipe_name,omitempty"`    // the module's, as its recipe has it
	RecipeVersion string       `json:"recipe_version,omitempty"` // the same

	Needed   []recordNeeded `json:"needed,omitempty"`
	Modules  []string       `json:"modules,omitempty"`  // paths of the package's .ko files
	Modprobe []string       `json:"modprobe,omitempty"` // the modules that no other one of these needs
	Package  string         `json:"package,omitempty"`
	Version  string         `json:"version"`
	Deb      string         `json:"deb,omitempty"`
	SHA256   string         `json:"sha256,omitempty"`           // of the .deb
	Current  string         `json:"installed_sha256,omitempty"` // of the .deb of this unit that mago installed last
	Size     int64          `json:"size,omitempty"`             // of the .deb, in bytes
	Log      string         `json:"log"`

	SBOM       string `json:"sbom,omitempty"`        // path of the list of all that went in, with hashes
	SBOMSHA256 string `json:"sbom_sha256,omitempty"` // of that file

	Unauthenticated []string `json:"unauthenticated,omitempty"` // what went into it, beside its source, that no signature covers which apt has checked

	Common *builtPackage `json:"common,omitempty"` // the module's files that are the same for every kernel

	Allowed []payload.Grant `json:"allowed,omitempty"` // what the packages bring beside the rules for modules
}

type RecordSource struct {
	Name    string `json:"name,omitempty"`    // what a local source calls itself
	Package string `json:"package,omitempty"` // source package, "" for local ones
	Version string `json:"version"`
	Origin  string `json:"origin"`
	Path    string `json:"path"`
	SHA256  string `json:"sha256,omitempty"` // of the archive, or over a directory's contents
	Edited  bool   `json:"edited,omitempty"` // whether the opened source was built as it lay (-O), so that SHA256 is over that

	Unauthenticated bool `json:"unauthenticated,omitempty"` // whether no signature that apt has checked covers it
	Runtime         bool `json:"runtime,omitempty"`         // whether what its package brings beside it went into a package, if there is any
}

// The files of a unit's directory. A failure stands beside the last good build, which it does not take away; a good
// build ends the failure before it.
const (
	RecordFile, logFile         = "record.json", "build.log"
	FailureFile, failureLogFile = "failure.json", "failure.log"
	symversFile                 = "Module.symvers" // of the last good build, for modules that need it
	billFile                    = "sbom.spdx.json" // of the last good build: see stageBill

	unfinishedLog, unfinishedRecord   = "unfinished.log", "unfinished.json"
	unfinishedSymvers, unfinishedBill = "unfinished.symvers", "unfinished.sbom"
	unfinishedFiles                   = "unfinished.*"
)

// symvers is where a build's exported symbols are kept.
func (p Paths) symvers(r Record) string {
	return filepath.Join(p.unitDir(r.Module, r.Kernel), symversFile)
}

// keepInstalled writes down that a record's package is the one that is installed.
func (p Paths) keepInstalled(r Record) error {
	r.Current = r.SHA256
	defer p.dropUnfinished(r.Module, r.Kernel)
	dir := p.unitDir(r.Module, r.Kernel)
	if err := writeRecordFile(filepath.Join(dir, unfinishedRecord), r); err != nil {
		return err
	}
	return os.Rename(filepath.Join(dir, unfinishedRecord), filepath.Join(dir, RecordFile))
}

func writeRecordFile(path string, r Record) error {
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	return writeSynced(path, append(text, '\n'))
}

func removeIfThere(path string) error {
	if err := os.Remove(path); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// readRecord gives the last good build of a unit; false where there is none, or none that can be read.
func (p Paths) readRecord(module, release string) (Record, bool) {
	return readRecordFile(filepath.Join(p.unitDir(module, release), RecordFile))
}

// readFailure gives what has failed since.
func (p Paths) readFailure(module, release string) (Record, bool) {
	return readRecordFile(filepath.Join(p.unitDir(module, release), FailureFile))
}

func readRecordFile(path string) (Record, bool) {
	r, err := loadRecord(path)
	return r, err == nil
}

func loadRecord(path string) (r Record, err error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return Record{}, err
	}
	if err := json.Unmarshal(text, &r); err != nil {
		return Record{}, fmt.Errorf("parse %s: %w", path, err)
	}
	if !r.at(path) {
		return Record{}, fmt.Errorf("%s is not the record of that build", path)
	}
	return r, nil
}

// at reports whether the record is one, and of the unit in whose directory it lies.
func (r Record) at(path string) bool {
	dir := filepath.Dir(path)
	return r.Format == 1 && r.Kernel == filepath.Base(dir) && r.Module == filepath.Base(filepath.Dir(dir)) && r.fits()
}

// fits reports whether the words are such that go on into command lines, file names and scripts.
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

// records lists every unit's last good build and what has failed since, by module and kernel. A damaged record is none;
// the error is that of a disk that cannot be read.
func (p Paths) records() ([]Record, error) {
	modules, err := entries(filepath.Join(p.Cache, "builds"), "*")
	if err != nil {
		return nil, err
	}
	var all []Record
	for _, module := range modules {
		of, err := p.recordsOf(filepath.Base(module))
		if err != nil {
			return nil, err
		}
		all = append(all, of...)
	}
	slices.SortStableFunc(all, func(a, b Record) int {
		return strings.Compare(a.Module+"\x00"+a.Kernel, b.Module+"\x00"+b.Kernel)
	})
	return all, nil
}

// recordsOf are those of one module.
func (p Paths) recordsOf(module string) (all []Record, err error) {
	units, err := entries(filepath.Join(p.Cache, "builds", module), "*")
	for _, unit := range units {
		for _, name := range []string{RecordFile, FailureFile} {
			r, err := loadRecord(filepath.Join(unit, name))
			if failed := (*fs.PathError)(nil); errors.As(err, &failed) && !absent(err) {
				return nil, err
			}
			if err == nil {
				all = append(all, r)
			}
		}
	}
	return all, err
}

// hasDeb reports whether the package that a record names is still there, in mago's own place.
func (p Paths) hasDeb(r Record) bool {
	if r.Common != nil {
		if info, err := os.Lstat(r.Common.Deb); err != nil || filepath.Dir(r.Common.Deb) != p.Debs() || !isOwn(info) {
			return false
		}
	}
	info, err := os.Lstat(r.Deb)
	return r.Result == ResultBuilt && err == nil && info.Size() == r.Size && filepath.Dir(r.Deb) == p.Debs() && isOwn(info)
}

// isOwn reports whether only this user, or root, may write to a file. A copy under another name (--dest) may be the same file,
// which somebody may have been given.
func isOwn(info os.FileInfo) bool {
	owner := int(info.Sys().(*syscall.Stat_t).Uid)
	return info.Mode().IsRegular() && info.Mode().Perm()&0o022 == 0 && (owner == 0 || owner == os.Geteuid())
}

// IsWhole reports whether, beside that, the package is the very one, and that of the common files, too.
func (p Paths) IsWhole(r Record) bool {
	if !p.hasDeb(r) {
		return false
	}
	sum, _, err := sha256Of(r.Deb)
	return err == nil && sum == r.SHA256 && (r.Common == nil || p.isCommonWhole(r))
}

// isCommonWhole takes for the very one also what a build for another kernel has written under the same name since, unless
// that is one that no signature covers.
func (p Paths) isCommonWhole(r Record) bool {
	sum, _, err := sha256Of(r.Common.Deb)
	if err != nil || sum == r.Common.SHA256 {
		return err == nil
	}
	all, err := p.recordsOf(r.Module)
	return err == nil && slices.ContainsFunc(all, func(o Record) bool {
		return o.Common != nil && o.Common.Deb == r.Common.Deb && o.Common.SHA256 == sum && (!o.isUnauthenticated() || r.isUnauthenticated())
	})
}

// isInstalled reports whether the record's package is what dpkg has of it, in the given version.
func (r Record) isInstalled(version string) bool {
	return version == r.Version && r.Current == r.SHA256
}

// createLog opens the log of a build that begins.
func (p Paths) createLog(module, release string) (*os.File, error) {
	var file *os.File
	err := within(p.unitDir(module, release), func(dir string) (err error) {
		file, err = os.OpenFile(filepath.Join(dir, unfinishedLog), os.O_WRONLY|os.O_CREATE|os.O_TRUNC|syscall.O_NOFOLLOW, 0o644)
		return err
	})
	return file, ownPlace(err)
}

// ownPlace adds the next step to an error of a directory that is somebody else's.
func ownPlace(err error) error {
	if errors.Is(err, fs.ErrPermission) {
		return fmt.Errorf("%w (a user's own builds go where -u says)", err)
	}
	return err
}
