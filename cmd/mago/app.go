package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"mago/catalog"
	"mago/debpkg"
	"mago/debpkg/payload"
	"mago/debpkg/sbom"
	"mago/kbuild/kernel"
	"mago/kbuild/sandbox"
	"mago/sources"
)

// app is one command's run: its options, and the rooms set up for them.
type app struct {
	options
	paths
	host       *host
	screen     *screen
	say        reporter
	render     *render
	stderr     io.Writer
	epoch      time.Time // SOURCE_DATE_EPOCH, zero where it is not set
	maintainer string    // see maintainerIn
	limits     sandbox.Limits
	allow      []payload.Glob // --allow-file

	unchecked, kept []string // what apt-get said last: see debpkg.Installer

	status *debpkg.Status    // dpkg's, read once; see installed
	index  *catalog.Index    // opened once; see catalog
	room   *sandbox.Sandbox  // chosen once; see buildRoom
	own    func() sbom.Input // hashed once; see ownInput

	roomShown bool                      // see shownRoom
	evaluated map[string]confEvaluation // of dkms.conf files, by kbuild.ConfKey

	ignored func() // tells once of what is not followed; see tellIgnored

	reading bool // whether the command only shows something, and so waits for nobody

	inApt []string                 // kernels, asked for once; see releasesInApt
	found map[string]kernel.Kernel // looked up once; see kernel
}

func newApp(m machine, o options, stdout *stream, stderr io.Writer) (*app, error) {
	root, err := filepath.Abs(o.Root)
	if err != nil {
		return nil, err
	}
	if _, err := os.Stat(root); err != nil {
		return nil, &usageError{fmt.Errorf("--root: %w", err)}
	}
	o.Root = root
	epoch, err := sourceDateEpoch(os.Getenv("SOURCE_DATE_EPOCH"))
	if err != nil {
		return nil, err
	}
	limits, err := o.limits()
	if err != nil {
		return nil, err
	}
	allow, err := globs(o.AllowFile)
	if err != nil {
		return nil, err
	}
	paths, err := newPaths(o, m.asRoot)
	if err != nil {
		return nil, err
	}
	if err := paths.checkOwn(o, m.asRoot); err != nil {
		return nil, err
	}
	a := &app{options: o, paths: paths, stderr: stderr, epoch: epoch, maintainer: maintainerIn(os.Getenv), limits: limits, allow: allow, own: sync.OnceValue(ownInput), evaluated: map[string]confEvaluation{}}
	a.screen = newScreen(stdout, o)
	a.render = newRender(a.screen, stderr)
	a.say = newReporter(a.render.event)
	a.ignored = sync.OnceFunc(a.tellIgnored)
	a.host = &host{machine: m, root: root, sudo: strings.Fields(o.SudoCmd), dryRun: o.DryRun, say: a.say, verbose: o.Verbose}
	return a, nil
}

// limits are the usual ones, but for those that --limit sets.
func (o options) limits() (sandbox.Limits, error) {
	limits := sandbox.DefaultLimits("/")
	for _, word := range o.Limit {
		if err := limits.Set(word); err != nil {
			return limits, &usageError{fmt.Errorf("--limit: %w", err)}
		}
	}
	return limits, nil
}

// sourceDateEpoch reads the variable of reproducible-builds.org; seconds since 1970.
func sourceDateEpoch(value string) (time.Time, error) {
	if value == "" {
		return time.Time{}, nil
	}
	seconds, err := strconv.ParseInt(value, 10, 64)
	if err != nil || seconds < 0 {
		return time.Time{}, &usageError{fmt.Errorf("SOURCE_DATE_EPOCH=%q is not a number of seconds", value)}
	}
	return time.Unix(seconds, 0).UTC(), nil
}

// installed is what dpkg's status says; forgetInstalled has it read again after dpkg has run.
func (a *app) installed() (*debpkg.Status, error) {
	if a.status != nil {
		return a.status, nil
	}
	status, err := debpkg.ReadStatus(a.Root)
	a.status = status
	return status, err
}

func (a *app) forgetInstalled() { a.status, a.found, a.inApt = nil, nil, nil }

// installedPackage is a package as dpkg has it; without a version it has none.
func (a *app) installedPackage(name string) debpkg.Installed {
	status, err := a.installed()
	if err != nil {
		return debpkg.Installed{}
	}
	p, _ := status.Installed(name)
	return p
}

func (a *app) packageVersion(name string) string { return a.installedPackage(name).Version }

func (a *app) finder() kernel.Finder {
	return kernel.Finder{Root: a.Root, Dirs: a.kernelDirs(), PackageVersion: a.packageVersion}
}

// kernel finds a kernel's headers, or says with a *kernel.HeadersError what is missing.
func (a *app) kernel(release string) (kernel.Kernel, error) {
	if k, ok := a.found[release]; ok {
		return k, nil
	}
	k, err := a.finder().Find(release)
	if err != nil {
		return kernel.Kernel{}, err
	}
	if a.found == nil {
		a.found = map[string]kernel.Kernel{}
	}
	a.found[release] = k
	return k, nil
}

func (a *app) fetcher() *sources.Fetcher {
	return &sources.Fetcher{
		Root: a.Root, Cache: a.cache, Run: a.host.query, SystemSources: true, Unauthenticated: a.Unsigned, Locks: a.locks(a.Wait.limit),
	}
}

func (a *app) installer() *debpkg.Installer {
	in := &debpkg.Installer{Root: a.Root, Run: a.host.change, Query: a.host.query, DryRun: a.DryRun, NonInteractive: true, Unauthenticated: a.Unsigned}
	in.LockTimeout, in.Waiting, in.Finishing = a.Wait.limit, tellWaiting[*debpkg.LockedError](a), a.tellFinishing
	in.Kept, in.Brings, in.Previous = a.tellKept, a.tellBrings, a.earlier
	in.Unchecked = func(unchecked, kept []string) { a.unchecked, a.kept = unchecked, kept }
	in.Foreseen = a.tellComing
	if a.Verbose {
		in.Stdout, in.Stderr = a.screen.out, a.stderr
	} else {
		in.Progress = a.tellProgress()
	}
	return in
}

func (a *app) catalogConfig() catalog.Config {
	return catalog.Config{Root: a.Root, Dir: a.cache, Run: a.askApt}
}

// askApt runs a program of apt's or dpkg's that only tells something, which may take seconds: a live line says so.
func (a *app) askApt(cmd *exec.Cmd) error {
	if a.say.open.Load() == 0 {
		defer a.say.begin("apt", "asking apt").end()
	}
	return a.host.query(cmd)
}

// buildRoom is where foreign programs run.
func (a *app) buildRoom(ctx context.Context) (sandbox.Sandbox, error) {
	if a.room != nil {
		return *a.room, nil
	}
	wish := sandbox.Wish{Root: a.Root, AsRoot: a.host.asRoot, Nobody: a.DryRun, Kind: sandbox.Kind(a.Sandbox), Limits: a.limits}
	err := within(a.workDir(), func(dir string) error {
		wish.Work = dir
		room, err := sandbox.Choose(ctx, wish, a.host.run)
		if err == nil {
			a.room = &room
		}
		return err
	})
	_ = os.Remove(a.workDir()) // stays where something is built meanwhile
	if err != nil {
		return sandbox.Sandbox{}, err
	}
	return *a.room, nil
}

// shownRoom is buildRoom, which the screen names once where it is not the closest, or with -v.
func (a *app) shownRoom(ctx context.Context) (sandbox.Sandbox, error) {
	room, err := a.buildRoom(ctx)
	if err == nil && !a.roomShown && (room.Kind != sandbox.Bubblewrap || a.Verbose) {
		a.say.note("sandbox", "%s", room)
	}
	a.roomShown = a.roomShown || err == nil
	return room, err
}

// architecture is dpkg's own, as its status records it.
func (a *app) architecture() (string, error) {
	status, err := a.installed()
	if err != nil {
		return "", err
	}
	p, ok := status.Installed("dpkg")
	if !ok {
		return "", fmt.Errorf("find the architecture: dpkg is not installed under %s", a.Root)
	}
	return p.Architecture, nil
}
