package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"mago/cmd/mago/internal/engine"
	"mago/cmd/mago/internal/keyring"
	"mago/kbuild/sandbox"
	"mago/kbuild/signing"
	"mago/sources/lock"
)

// app is one command's run: the engine, and what shows its events.
type app struct {
	*engine.Engine
	config configured
	screen *screen
	render *render
	stderr io.Writer
	quick  bool // whether nothing is to be asked (-i)
}

func newApp(m engine.Machine, o options, command string, stdout *stream, stderr io.Writer) (*app, error) {
	root, err := filepath.Abs(o.Root)
	if err != nil {
		return nil, err
	}
	if _, err := os.Stat(root); err != nil {
		return nil, &engine.UsageError{Err: fmt.Errorf("--root: %w", err)}
	}
	o.Root = root
	date, err := sourceDateEpoch(os.Getenv("SOURCE_DATE_EPOCH"))
	if err != nil {
		return nil, err
	}
	if err := o.checkLimits(); err != nil {
		return nil, err
	}
	if o.Jobs < 0 {
		return nil, &engine.UsageError{Err: fmt.Errorf("--jobs=%d is not a number of compilers", o.Jobs)}
	}
	allow, err := globs(o.AllowFile)
	if err != nil {
		return nil, err
	}
	paths, err := newPaths(o, m.AsRoot)
	if err != nil {
		return nil, err
	}
	if err := paths.CheckOwn(root, m.AsRoot); err != nil {
		return nil, err
	}
	conf := readConfig(root, m.AsRoot, o, os.Getenv)
	if err := conf.check(command); err != nil {
		return nil, err
	}
	general, err := conf.values("")
	if err != nil {
		return nil, err
	}
	modules, err := conf.moduleOptions()
	if err != nil {
		return nil, err
	}
	a := &app{config: conf, screen: newScreen(stdout, o), stderr: stderr, quick: o.NonInter}
	a.render = newRender(a.screen, stderr)
	options := engine.Options{
		ModuleOptions: general.ModuleOptions, Modules: modules,
		Root: root, OwnCache: o.UserDir != "", Kernels: engine.Lists(o.KversList...), HeaderDirs: headerDirs(root, slices.Concat(o.KernelDir, []string{os.Getenv("KERNELDIRS")})),
		Name: o.Called, Force: o.Force, NoRebuild: o.NoRebuild, AsItLies: o.NotUnpack, DryRun: o.DryRun, Verbose: o.Verbose,
		Unauthenticated: o.Unverified, UnsignedModules: o.Unsigned, Allow: allow, Jobs: general.Jobs, Wait: o.Wait.Wait,
		Date: date, Version: ownVersion(), Me: lock.Holder{Command: ownCommand(), User: userName()}, Caller: os.Getenv("SUDO_USER"),
	}
	if o.Verbose {
		options.Output, options.Errors = heedless{stdout}, heedless{stderr}
	}
	options.OpenKey = func(ctx context.Context, k keyring.Key, how engine.Signing) (*signing.Signer, error) {
		return a.openKey(ctx, passphraseOptions{PassphraseFD: noDescriptor}, k, how)
	}
	a.Engine, err = engine.New(options, paths, m, strings.Fields(o.SudoCmd), func(e engine.Event) {
		e.Err = a.ofSystem(e.Err)
		a.render.event(e)
	})
	return a, err
}

// ofSystem adds to an error the system that it is of.
func (a *app) ofSystem(err error) error {
	if err == nil {
		return nil
	}
	return &systemError{engine.SystemOf(a.Engine), err}
}

// checkLimits refuses what --limit does not take.
func (o options) checkLimits() error {
	for _, word := range o.Limit {
		if err := new(sandbox.Limits).Set(word); err != nil {
			return &engine.UsageError{Err: fmt.Errorf("--limit: %w", err)}
		}
	}
	return nil
}

// sourceDateEpoch reads the variable of reproducible-builds.org; seconds since 1970.
func sourceDateEpoch(value string) (time.Time, error) {
	if value == "" {
		return time.Time{}, nil
	}
	seconds, err := strconv.ParseInt(value, 10, 64)
	if err != nil || seconds < 0 {
		return time.Time{}, &engine.UsageError{Err: fmt.Errorf("SOURCE_DATE_EPOCH=%q is not a number of seconds", value)}
	}
	return time.Unix(seconds, 0).UTC(), nil
}
