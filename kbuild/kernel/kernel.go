// Package kernel finds the kernels that modules can be built for. A kernel is complete when it is found: its files are reached
// through Kernel.Open alone, and what programs in a sandbox see of it is in Kernel.Mounts.
package kernel

import (
	"os"
	"path/filepath"
	"sync"

	"mago/debpkg/codec"
	"mago/debpkg/word"
	"mago/kbuild/sandbox"
)

// Kernel is one kernel that modules can be built for. Its paths are those that programs in a sandbox know it by; its files may
// lie elsewhere. One that a Finder has not found has no files, and is for its other fields alone.
type Kernel struct {
	Release     string       // what uname -r prints
	Headers     string       // the build directory, symbolic links resolved
	Build       string       // the build directory as it was found, such as /lib/modules/6.1.0-56-amd64/build; "": as Headers
	Common      string       // the directory that the headers' Makefile includes the rest from, "" where they are whole
	ModulesDir  string       // the directory that linux-image puts modules under, such as /lib/modules/6.1.0-56-amd64
	Package     string       // Debian package of the headers, "" where no package owns them
	Version     string       // that package's version; the release where there is no package
	Compiler    word.Program // what compiles its modules: the compiler it was built with, such as gcc-12
	Wanted      string       // the Debian package of the compiler it was built with, where another one compiles; else ""
	Arch        string       // machine name as uname -m prints it
	Compression codec.Format // how this kernel's own modules are compressed

	told     bool // whether make has to be told of the compiler
	insists  bool // whether the headers themselves name it, whatever is here
	headers  headers
	includes string // where the headers name Common
	config   func() Config
	sumOf    func() string
	mounts   func() []sandbox.Mount
	hash     func() (string, error)
	shape    func() (string, error)
}

// WithConfig is the kernel with another configuration.
func (k Kernel) WithConfig(c Config) Kernel {
	k.config = func() Config { return c }
	k.sumOf = sync.OnceValue(c.sum)
	return k
}

// Config is the kernel's .config, which is read when it is first asked for; nil where it cannot be read any more.
func (k Kernel) Config() Config {
	if k.config == nil {
		return nil
	}
	return k.config()
}

// ConfigSum is the SHA-256 of all options, in hexadecimal digits; "" of a kernel that has none.
func (k Kernel) ConfigSum() string {
	if k.sumOf == nil {
		return ""
	}
	return k.sumOf()
}

// ValidRelease reports whether a text can be a kernel's release, which becomes a part of paths and package names.
func ValidRelease(release string) bool {
	_, err := word.ParseRelease(release)
	return err == nil
}

// Open opens a regular file of the kernel's headers.
func (k Kernel) Open(name string) (*os.File, error) {
	if k.headers.dir == "" {
		return nil, &HeadersError{Release: k.Release}
	}
	return k.headers.open(name)
}

// OpenSource opens a regular file of Common, which has kbuild's makefiles; where there is no Common, it is Open.
func (k Kernel) OpenSource(name string) (*os.File, error) {
	if k.Common == "" {
		return k.Open(name)
	}
	return headers{k.headers.in, k.Common}.open(name)
}

// Scripts is where the headers' scripts lie, links resolved; "" where they have none.
func (k Kernel) Scripts() string {
	if k.headers.in == nil {
		return ""
	}
	path, _, err := k.headers.in.Resolve(filepath.Join(k.Headers, "scripts"))
	if err != nil {
		return ""
	}
	return path
}

// Has reports whether the kernel's headers have a regular file.
func (k Kernel) Has(name string) bool {
	file, err := k.Open(name)
	if err == nil {
		file.Close()
	}
	return err == nil
}

// Mounts are the directories of the kernel's headers that a sandbox shows besides the system's own, as they were when the
// kernel was found.
func (k Kernel) Mounts() []sandbox.Mount {
	if k.mounts == nil {
		return nil
	}
	return k.mounts()
}
