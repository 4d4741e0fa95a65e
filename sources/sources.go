// Package sources fetches one module's source: apt downloads a source package, which it opens, or it takes a local directory
// or tarball; it describes the result as a Tree. It knows no kernels, executes nothing of a source and installs nothing;
// building is left to package kbuild.
package sources

import (
	"os"
	"os/exec"
	"time"

	"mago/catalog"
	"mago/debpkg/rooted"
	"mago/sources/lock"
	"mago/sources/untar"
)

// Origin says where a tree came from.
type Origin string

// The origins of a Tree.
const (
	Archive   Origin = "archive"   // a .deb that apt downloaded
	Host      Origin = "host"      // what an installed package or the administrator put under /usr/src
	Directory Origin = "directory" // a directory the user named
	Tarball   Origin = "tarball"   // a tarball or .deb the user named
)

// Tree is the complete source of one module. Paths are as this process sees them. No link leads out of the trees of archives
// and tarballs, so root may follow what it finds there.
type Tree struct {
	Name    string // the module's, valid in a Debian package name: the source package's without -dkms, -source and the like
	Own     string // what a local source calls itself, "" for nothing; the user may have called it otherwise
	Version string // the source package's; of local trees what dkms.conf, debian/changelog or a directory's name say, or "0"
	Origin  Origin
	Dir     string // where dkms.conf, debian/rules, Kbuild or Makefile lies

	Package *catalog.Package // nil for local trees but those of a .deb

	Archive string // the .deb or tarball that was opened; "" where Dir was there before
	SHA256  string // of Archive, in hexadecimal

	Runtime Runtime // of packages that were opened, and of those that are installed what they brought

	Copyright string // the package's copyright file, "" where it has none
	Changelog string // its Debian changelog (of native packages their only one), possibly gzipped, "" where it has none

	LeftOut []string // the first of an archive's FIFOs and devices
	Others  []string // other sources of its package, as that has them, which are not built

	place, digest string // see Check; "" for what was there before

	Private bool // whether its owner lets not everybody read it, of local sources

	at os.FileInfo // what Dir was when it was looked at, of a directory that may be anybody's

	ModTime time.Time // of the newest changelog entry, else of an archive's newest file, else 2000: what SOURCE_DATE_EPOCH becomes
}

// Fetcher gets module sources and keeps them in a cache. Several goroutines and processes may call its methods at once: the
// second that wants a package waits, then finds it done.
type Fetcher struct {
	Root rooted.Root // the system whose files and apt are meant

	// Cache is the directory of downloads, trees and locks, absolute and as this process sees it. Where Root is another system
	// Cache is inside Root, because apt, run there, writes to it. Where apt downloads as its own user _apt, that user must be
	// able to reach it.
	Cache string

	// Run runs apt-get; nil means (*exec.Cmd).Run. Where Root is another system Run enters it: the command's Dir is a path
	// inside Root.
	Run func(*exec.Cmd) error

	Fresh           bool         // whether Get fetches and opens again what the cache has; what it has stays until then
	KeepAll         bool         // whether Clean and Purge only say how much they would free
	KeepEdited      bool         // whether Clean leaves opened trees that somebody has edited
	SystemSources   bool         // whether sources below the host's /usr/src serve instead of a download
	Unauthenticated bool         // whether packages serve that only archives without a checked signature have
	Locks           lock.Locks   // how others are waited for, without end if zero; its Dir is Cache's
	Limits          untar.Limits // bounds for what is opened; zero fields mean untar.DefaultLimits
}
