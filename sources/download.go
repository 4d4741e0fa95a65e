package sources

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"mago/catalog"
	"mago/debpkg/apt"
	"mago/debpkg/word"
	"mago/kbuild/deep"
)

// aptGrace is how long apt-get may take to end after a signal.
const aptGrace = 5 * time.Second

// debPath is the path of a package's .deb in the cache, with the name that apt gives it.
func (f *Fetcher) debPath(pkg catalog.Package) string {
	return filepath.Join(f.downloads(), pkg.Name.String()+"_"+quoteVersion(pkg.Version.String())+"_"+pkg.Architecture.String()+".deb")
}

// download returns the path of pkg's verified .deb, and runs apt only where the cache has no good one.
func (f *Fetcher) download(ctx context.Context, pkg catalog.Package) (string, error) {
	final := f.debPath(pkg)
	if !f.Fresh && verify(ctx, pkg, final) == nil {
		return final, nil
	}
	temp, err := makeTemp(f.downloads(), pkg.Name.String())
	if err != nil {
		return "", err
	}
	defer deep.Remove(temp)
	output, err := f.runApt(ctx, pkg, temp)
	if err == nil {
		err = take(ctx, pkg, temp, final)
	}
	if err != nil {
		return "", &FetchError{Package: pkg.Name.String(), Version: pkg.Version.String(), Output: output, Err: err}
	}
	return final, nil
}

// runApt has apt-get download into dir and returns its standard error.
func (f *Fetcher) runApt(ctx context.Context, pkg catalog.Package, dir string) (string, error) {
	if err := f.lend(dir); err != nil {
		return "", err
	}
	inside, err := f.Root.Inside(dir)
	if err != nil {
		return "", err
	}
	var stderr bytes.Buffer
	wanted := word.Target{Name: pkg.Name, Version: pkg.Version}
	cmd := exec.CommandContext(ctx, "apt-get", apt.GetArgs(f.Unauthenticated, []string{"download"}, wanted)...)
	cmd.Dir, cmd.Stderr, cmd.WaitDelay = inside, &stderr, aptGrace
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	err = f.run(cmd)
	if ctx.Err() != nil {
		err = context.Cause(ctx)
	} else if err != nil {
		err = fmt.Errorf("apt-get: %w", err)
	}
	return stderr.String(), err
}

func (f *Fetcher) run(cmd *exec.Cmd) error {
	if f.Run == nil {
		return cmd.Run()
	}
	return f.Run(cmd)
}
