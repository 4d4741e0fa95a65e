package main

import (
	"io"
	"sync"
	"sync/atomic"
	"time"

	"mago/catalog"
	"mago/debpkg/apt"
	"mago/debpkg/payload"
	"mago/debpkg/sbom"
	"mago/kbuild/kernel"
	"mago/kbuild/sandbox"
)

// base is what every part of the engine knows: what was asked for, where, and whom to tell.
type base struct {
	options
	paths
	host       *host
	say        reporter
	epoch      time.Time // SOURCE_DATE_EPOCH, zero where it is not set
	limits     sandbox.Limits
	allow      []payload.Glob // --allow-file
	output     io.Writer      // what programs print to standard output and error, with -v; nil is nowhere
	errors     io.Writer
	maintainer string            // see maintainerIn
	own        func() sbom.Input // hashed once; see ownInput

	changes *atomic.Int64 // grows when dpkg may have changed its status

	reading bool // whether the command only shows something, and so waits for nobody
}

// packages is what dpkg has installed.
type packages struct {
	*base
	status *apt.Status // dpkg's, read once; see installed
	readAt int64       // the value of changes when it was read
}

// aptTool is apt and dpkg at work.
type aptTool struct {
	*base
	pkgs *packages

	unchecked, kept []string // what apt-get said last: see apt.Installer
	inApt           []string // kernels, asked for once; see releasesInApt
	inAptAt         int64    // the value of changes when they were asked for
}

// kernelFinder finds the kernels that are asked for.
type kernelFinder struct {
	*base
	pkgs *packages
	apt  *aptTool

	found   map[string]kernel.Kernel // looked up once; see kernel
	foundAt int64                    // the value of changes when they were found
}

// moduleIndex is the catalog.
type moduleIndex struct {
	*base
	apt   *aptTool
	index *catalog.Index // opened once; see catalog
}

// modules finds the modules that are asked for, and their sources.
type modules struct {
	*base
	confs   *evaluator
	pkgs    *packages
	apt     *aptTool
	catalog *moduleIndex
}

// preparer installs what building needs.
type preparer struct {
	*base
	pkgs    *packages
	apt     *aptTool
	kernels *kernelFinder
	modules *modules
}

// evaluator evaluates dkms.conf files, in the sandbox.
type evaluator struct {
	*base
	room      *sandbox.Sandbox          // chosen once; see buildRoom
	roomShown bool                      // see shownRoom
	evaluated map[string]confEvaluation // by kbuild.ConfKey
}

// claims says whose a module's name is.
type claims struct {
	*base
	pkgs    *packages
	catalog *moduleIndex
}

// builder builds units and writes their packages.
type builder struct {
	*base
	pkgs    *packages
	apt     *aptTool
	claims  *claims
	modules *modules
	prepare *preparer
	confs   *evaluator
	ignored func() // tells once of what is not followed; see tellIgnored
}

// installer installs what was built.
type installer struct {
	*base
	confs   *evaluator
	pkgs    *packages
	apt     *aptTool
	kernels *kernelFinder
	claims  *claims
	modules *modules
	build   *builder
}

// road is what units go.
type road struct {
	*base
	pkgs    *packages
	apt     *aptTool
	kernels *kernelFinder
	modules *modules
	prepare *preparer
	build   *builder
	install *installer
}

// surveyor says how things are.
type surveyor struct {
	*base
	pkgs    *packages
	kernels *kernelFinder
	catalog *moduleIndex
}

// cleaner removes what was built.
type cleaner struct {
	*base
	kernels *kernelFinder
	catalog *moduleIndex
	modules *modules
}

// engine is the whole.
type engine struct {
	*base
	pkgs    *packages
	apt     *aptTool
	kernels *kernelFinder
	catalog *moduleIndex
	modules *modules
	prepare *preparer
	claims  *claims
	confs   *evaluator
	build   *builder
	install *installer
	road    *road
	states  *surveyor
	cleaner *cleaner
}

func newEngine(b *base) *engine {
	e := &engine{base: b}
	e.confs = &evaluator{base: b, evaluated: map[string]confEvaluation{}}
	e.pkgs = &packages{base: b}
	e.apt = &aptTool{base: b, pkgs: e.pkgs}
	e.kernels = &kernelFinder{base: b, pkgs: e.pkgs, apt: e.apt}
	e.catalog = &moduleIndex{base: b, apt: e.apt}
	e.modules = &modules{base: b, confs: e.confs, pkgs: e.pkgs, apt: e.apt, catalog: e.catalog}
	e.prepare = &preparer{base: b, pkgs: e.pkgs, apt: e.apt, kernels: e.kernels, modules: e.modules}
	e.claims = &claims{base: b, pkgs: e.pkgs, catalog: e.catalog}
	e.build = &builder{base: b, confs: e.confs, pkgs: e.pkgs, apt: e.apt, claims: e.claims, modules: e.modules, prepare: e.prepare}
	e.build.ignored = sync.OnceFunc(e.build.tellIgnored)
	e.install = &installer{base: b, confs: e.confs, pkgs: e.pkgs, apt: e.apt, kernels: e.kernels, claims: e.claims, modules: e.modules, build: e.build}
	e.road = &road{base: b, pkgs: e.pkgs, apt: e.apt, kernels: e.kernels, modules: e.modules, prepare: e.prepare, build: e.build, install: e.install}
	e.states = &surveyor{base: b, pkgs: e.pkgs, kernels: e.kernels, catalog: e.catalog}
	e.cleaner = &cleaner{base: b, kernels: e.kernels, catalog: e.catalog, modules: e.modules}
	return e
}
