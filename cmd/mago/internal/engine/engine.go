package engine

import (
	"cmp"
	"sync"

	"mago/cmd/mago/internal/store"
	"mago/debpkg/sbom"
	"mago/kbuild/jobs"
	"mago/sources/lock"
)

// base is what every part of the engine knows: what was asked for, where, and whom to tell.
type base struct {
	Options
	Paths
	store   *store.Store
	host    *host
	say     reporter
	own     func() sbom.Input // hashed once; see ownInput
	process *lock.Process     // what this process has locked
	pool    *jobs.Pool        // which builds share
	begins  func()            // is told that a unit's build has its place in the pool; nil: nobody is
	known   *known
	fromApt map[string]bool // the kernels that are built for by apt's headers, whatever is installed
}

// packages is what dpkg has installed.
type packages struct {
	*base
}

// aptTool is apt and dpkg at work.
type aptTool struct {
	*base
	pkgs *packages
}

// kernelFinder finds the kernels that are asked for.
type kernelFinder struct {
	*base
	pkgs  *packages
	apt   *aptTool
	cache *headerCache
}

// headerCache has the headers of kernels that are not installed.
type headerCache struct {
	*base
	confs *evaluator
	pkgs  *packages
	apt   *aptTool
}

// moduleIndex is the catalog.
type moduleIndex struct {
	*base
	apt *aptTool
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
}

// keys finds out what shapes units.
type keys struct {
	*base
	pkgs    *packages
	apt     *aptTool
	prepare *preparer
	confs   *evaluator
	signs   *signatures
}

// claims says whose a module's name is.
type claims struct {
	*base
	pkgs    *packages
	catalog *moduleIndex
}

// donors finds the builds for other kernels whose modules fit.
type donors struct {
	*base
	keys    *keys
	kernels *kernelFinder
	confs   *evaluator
	signs   *signatures
}

// builder builds units and writes their packages.
type builder struct {
	*base
	pkgs    *packages
	apt     *aptTool
	donors  *donors
	claims  *claims
	modules *modules
	prepare *preparer
	confs   *evaluator
	keys    *keys
	signs   *signatures
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
	signs   *signatures
}

// surveyor says how things are.
type surveyor struct {
	*base
	pkgs    *packages
	kernels *kernelFinder
	catalog *moduleIndex
	signs   *signatures
}

// cleaner removes what was built.
type cleaner struct {
	*base
	pkgs    *packages
	apt     *aptTool
	states  *surveyor
	kernels *kernelFinder
	catalog *moduleIndex
	modules *modules
}

// Engine is the whole.
type Engine struct {
	*base
	pkgs    *packages
	apt     *aptTool
	kernels *kernelFinder
	catalog *moduleIndex
	modules *modules
	prepare *preparer
	claims  *claims
	confs   *evaluator
	signs   *signatures
	keys    *keys
	donors  *donors
	build   *builder
	install *installer
	states  *surveyor
	cleaner *cleaner
}

// New makes an engine that keeps things at paths, runs programs on m, those that change the system by way of the command sudo
// where that is not root's, and tells what happens to send, which may be called by several goroutines at once. It fails where
// dpkg's status cannot be read: nothing can be said of a system then.
func New(o Options, p Paths, m Machine, sudo []string, send func(Event)) (*Engine, error) {
	b := &base{Options: o, Paths: p, say: newReporter(send), known: new(known), process: new(lock.Process), pool: jobs.NewPool(cmp.Or(o.Jobs, jobs.Default("/")))}
	b.own = sync.OnceValue(func() sbom.Input { return ownInput(o.Version) })
	b.host = &host{Machine: m, root: o.Root, sudo: sudo, dryRun: o.DryRun, say: b.say, verbose: o.Verbose}
	e := newEngine(b)
	_, err := e.pkgs.installed()
	return e, err
}

// of is the same engine at work for one unit, of which its events tell.
func (e *Engine) of(id UnitID) *Engine {
	b := *e.base
	b.say = b.say.of(id)
	return newEngine(&b)
}

func newEngine(b *base) *Engine {
	b.store = store.Open(cmp.Or(b.Builds, b.Cache))
	e := &Engine{base: b}
	e.confs, e.signs = &evaluator{base: b}, &signatures{base: b}
	e.pkgs = &packages{base: b}
	e.apt = &aptTool{base: b, pkgs: e.pkgs}
	e.kernels = &kernelFinder{base: b, pkgs: e.pkgs, apt: e.apt, cache: &headerCache{base: b, confs: e.confs, pkgs: e.pkgs, apt: e.apt}}
	e.catalog = &moduleIndex{base: b, apt: e.apt}
	e.modules = &modules{base: b, confs: e.confs, pkgs: e.pkgs, apt: e.apt, catalog: e.catalog}
	e.prepare = &preparer{base: b, pkgs: e.pkgs, apt: e.apt, kernels: e.kernels, modules: e.modules}
	e.claims = &claims{base: b, pkgs: e.pkgs, catalog: e.catalog}
	e.keys = &keys{base: b, pkgs: e.pkgs, apt: e.apt, prepare: e.prepare, confs: e.confs, signs: e.signs}
	e.donors = &donors{base: b, keys: e.keys, kernels: e.kernels, confs: e.confs, signs: e.signs}
	e.build = &builder{base: b, confs: e.confs, signs: e.signs, keys: e.keys, donors: e.donors, pkgs: e.pkgs, apt: e.apt, claims: e.claims, modules: e.modules, prepare: e.prepare}
	e.install = &installer{base: b, confs: e.confs, signs: e.signs, pkgs: e.pkgs, apt: e.apt, kernels: e.kernels, claims: e.claims, modules: e.modules, build: e.build}
	e.states = &surveyor{base: b, signs: e.signs, pkgs: e.pkgs, kernels: e.kernels, catalog: e.catalog}
	e.cleaner = &cleaner{base: b, pkgs: e.pkgs, apt: e.apt, states: e.states, kernels: e.kernels, catalog: e.catalog, modules: e.modules}
	return e
}

// AsRoot reports whether mago has root's rights.
func (e *Engine) AsRoot() bool { return e.host.AsRoot }
