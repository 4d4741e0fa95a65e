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
	"sync/atomic"
	"time"

	"mago/catalog"
	"mago/debpkg/apt"
	"mago/kbuild/kernel"
	"mago/kbuild/sandbox"
	"mago/sources"
)

// app is one command's run: the engine, and what shows its events.
type app struct {
	*engine
	screen *screen
	render *render
	stderr io.Writer
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
	a := &app{screen: newScreen(stdout, o), stderr: stderr}
	a.render = newRender(a.screen, stderr)
	b := &base{changes: new(atomic.Int64), options: o, paths: paths, say: newReporter(a.render.event), epoch: epoch, maintainer: maintainerIn(os.Getenv), limits: limits, allow: allow, own: sync.OnceValue(ownInput)}
	if o.Verbose {
		b.output, b.errors = heedless{stdout}, heedless{stderr}
	}
	b.host = &host{machine: m, root: root, sudo: strings.Fields(o.SudoCmd), dryRun: o.DryRun, say: b.say, verbose: o.Verbose}
	a.engine = newEngine(b)
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
func (pk *packages) installed() (*apt.Status, error) {
	if now := pk.changes.Load(); pk.status == nil || now != pk.readAt {
		pk.status, pk.readAt = nil, now
	} else {
		return pk.status, nil
	}
	status, err := apt.ReadStatus(pk.Root)
	pk.status = status
	return status, err
}

func (b *base) forgetInstalled() { b.changes.Add(1) }

// installedPackage is a package as dpkg has it; without a version it has none.
func (pk *packages) installedPackage(name string) apt.Installed {
	status, err := pk.installed()
	if err != nil {
		return apt.Installed{}
	}
	p, _ := status.Installed(name)
	return p
}

func (pk *packages) packageVersion(name string) string { return pk.installedPackage(name).Version }

func (kf *kernelFinder) finder() kernel.Finder {
	return kernel.Finder{Root: kf.Root, Dirs: kf.kernelDirs(), PackageVersion: kf.pkgs.packageVersion}
}

// kernel finds a kernel's headers, or says with a *kernel.HeadersError what is missing.
func (kf *kernelFinder) kernel(release string) (kernel.Kernel, error) {
	if now := kf.changes.Load(); kf.foundAt != now {
		kf.found, kf.foundAt = nil, now
	}
	if k, ok := kf.found[release]; ok {
		return k, nil
	}
	k, err := kf.finder().Find(release)
	if err != nil {
		return kernel.Kernel{}, err
	}
	if kf.found == nil {
		kf.found = map[string]kernel.Kernel{}
	}
	kf.found[release] = k
	return k, nil
}

func (mo *modules) fetcher() *sources.Fetcher {
	return &sources.Fetcher{
		Root: mo.Root, Cache: mo.cache, Run: mo.host.query, SystemSources: true, Unauthenticated: mo.Unsigned, Locks: mo.locks(mo.Wait.limit),
	}
}

func (at *aptTool) installer() *apt.Installer {
	in := &apt.Installer{Root: at.Root, Run: at.host.change, Query: at.host.query, DryRun: at.DryRun, NonInteractive: true, Unauthenticated: at.Unsigned}
	in.LockTimeout, in.Waiting, in.Finishing = at.Wait.limit, tellWaiting[*apt.LockedError](at.say, at.forgetInstalled), at.tellFinishing
	in.Kept, in.Brings, in.Previous = at.tellKept, at.tellBrings, at.earlier
	in.Unchecked = func(unchecked, kept []string) { at.unchecked, at.kept = unchecked, kept }
	in.Foreseen = at.tellComing
	if at.Verbose {
		in.Stdout, in.Stderr = at.output, at.errors
	} else {
		in.Progress = at.tellProgress()
	}
	return in
}

func (at *aptTool) catalogConfig() catalog.Config {
	return catalog.Config{Root: at.Root, Dir: at.cache, Run: at.askApt}
}

// askApt runs a program of apt's or dpkg's that only tells something, which may take seconds: a live line says so.
func (at *aptTool) askApt(cmd *exec.Cmd) error {
	if at.say.open.Load() == 0 {
		defer at.say.begin("apt", "asking apt").end()
	}
	return at.host.query(cmd)
}

// buildRoom is where foreign programs run.
func (ev *evaluator) buildRoom(ctx context.Context) (sandbox.Sandbox, error) {
	if ev.room != nil {
		return *ev.room, nil
	}
	wish := sandbox.Wish{Root: ev.Root, AsRoot: ev.host.asRoot, Nobody: ev.DryRun, Kind: sandbox.Kind(ev.Sandbox), Limits: ev.limits}
	err := within(ev.workDir(), func(dir string) error {
		wish.Work = dir
		room, err := sandbox.Choose(ctx, wish, ev.host.run)
		if err == nil {
			ev.room = &room
		}
		return err
	})
	_ = os.Remove(ev.workDir()) // stays where something is built meanwhile
	if err != nil {
		return sandbox.Sandbox{}, err
	}
	return *ev.room, nil
}

// shownRoom is buildRoom, which the screen names once where it is not the closest, or with -v.
func (ev *evaluator) shownRoom(ctx context.Context) (sandbox.Sandbox, error) {
	room, err := ev.buildRoom(ctx)
	if err == nil && !ev.roomShown && (room.Kind != sandbox.Bubblewrap || ev.Verbose) {
		ev.say.note("sandbox", "%s", room)
	}
	ev.roomShown = ev.roomShown || err == nil
	return room, err
}

// architecture is dpkg's own, as its status records it.
func (pk *packages) architecture() (string, error) {
	status, err := pk.installed()
	if err != nil {
		return "", err
	}
	p, ok := status.Installed("dpkg")
	if !ok {
		return "", fmt.Errorf("find the architecture: dpkg is not installed under %s", pk.Root)
	}
	return p.Architecture, nil
}
