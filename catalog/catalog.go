// Package catalog knows which kernel modules exist as source packages: it reads apt's lists and dpkg's status under a
// root, tells module sources from everything else, resolves a word to one module and keeps the result in an index file.
// Fetching a source is left to package sources, running apt-get update to the caller.
package catalog

import (
	"os/exec"
	"time"

	"mago/debpkg/apt"
	"mago/debpkg/rooted"
	"mago/debpkg/word"
)

// Kind says how a package brings its module's source.
type Kind string

// DKMS packages install a tree with a dkms.conf under /usr/src; ModuleAssistant packages install a tarball there.
const (
	DKMS            Kind = "dkms"
	ModuleAssistant Kind = "module-assistant"
)

// Package is one module source package in its candidate version. The fields are those of its control paragraph
// (Debian Policy 5.3), with Source reduced to the name and Description to the synopsis.
type Package struct {
	Name         word.Package      `json:"name"`
	Kind         Kind              `json:"kind"`
	Version      word.Version      `json:"version,omitzero"` // apt's candidate when the index was built, none where apt has none
	Installed    word.Version      `json:"-"`                // by dpkg's status when the index was opened, none where not installed
	Damaged      bool              `json:"-"`                // whether dpkg was ended while it unpacked or removed the package: files may be missing
	Architecture word.Architecture `json:"architecture,omitzero"`
	Source       word.Package      `json:"source,omitzero"` // the package's own name where the field is missing
	Section      string            `json:"section,omitempty"`
	Maintainer   string            `json:"maintainer,omitempty"`
	Homepage     string            `json:"homepage,omitempty"`
	Description  string            `json:"description,omitempty"`

	DescriptionMD5  string `json:"description_md5,omitempty"`  // of the whole, by which apt's translation lists know it
	LongDescription string `json:"long_description,omitempty"` // where the paragraph itself has it

	Depends    string `json:"depends,omitempty"`
	PreDepends string `json:"pre_depends,omitempty"`
	Recommends string `json:"recommends,omitempty"`
	Suggests   string `json:"suggests,omitempty"`
	Provides   string `json:"provides,omitempty"`
	Conflicts  string `json:"conflicts,omitempty"`
	Breaks     string `json:"breaks,omitempty"`
	Replaces   string `json:"replaces,omitempty"`
	Enhances   string `json:"enhances,omitempty"`

	Filename string `json:"filename,omitempty"` // below the archive's root; "" where only dpkg knows the package
	SHA256   string `json:"sha256,omitempty"`
	Size     int64  `json:"size,omitempty"` // bytes of the .deb

	Unauthenticated bool `json:"unauthenticated,omitempty"` // whether only lists without a signature that apt has checked have it
}

// Module is one kernel module (or family of modules) and the packages that bring its source, preferred recipe first.
type Module struct {
	Name     string
	Packages []Package
}

// Config says where to look and how to run apt. The zero value, with Dir set, means the running system.
type Config struct {
	Root rooted.Root           // of apt and dpkg
	Dir  string                // of index.json, as this process sees it; inside Root, since apt reads from it too
	Run  func(*exec.Cmd) error // nil: (*exec.Cmd).Run; has to enter Root by itself, the arguments are paths inside it
	Now  func() time.Time      // nil: time.Now

	Status func() (*apt.Status, error) // dpkg's, where the caller has read it; nil has it read
}

func (c Config) now() time.Time {
	if c.Now == nil {
		return time.Now()
	}
	return c.Now()
}
