package apt

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"syscall"
	"time"

	"mago/debpkg/rooted"
	"mago/debpkg/word"
)

// Deb is a version of a package as apt's lists have it.
type Deb struct {
	word.Target            // Name and Version are given; an Architecture that is not zero has to be the .deb's, or "all"
	SHA256          string // of its .deb, in hexadecimal
	Unauthenticated bool   // whether no signature that apt has checked covers it
}

// Downloader has apt-get download packages and installs none of them.
type Downloader struct {
	Root rooted.Root // the system whose apt is meant

	// Run runs apt-get; nil means (*exec.Cmd).Run. Where Root is another system Run enters it: the command's Dir is a path
	// inside Root.
	Run func(*exec.Cmd) error

	Unauthenticated bool // whether packages may come from archives whose signature apt could not check
}

// aptGrace is how long apt-get may take to end after a signal.
const aptGrace = 5 * time.Second

// Fetch downloads deb, verifies it and puts it at path. apt-get works in scratch, an empty directory within Root and on path's
// file system that nobody else uses; the caller removes it. A failure leaves path as it was.
//
// Errors: *UnauthenticatedError, *FetchError.
func (d Downloader) Fetch(ctx context.Context, deb Deb, scratch, path string) error {
	if deb.Unauthenticated && !d.Unauthenticated {
		return &UnauthenticatedError{deb.Name.String(), deb.Version.String()}
	}
	said, err := d.download(ctx, scratch, deb.Target)
	if err == nil {
		err = deb.take(ctx, scratch, "", path)
	}
	if err != nil {
		return &FetchError{Package: deb.Name.String(), Version: deb.Version.String(), Output: said, Err: err}
	}
	return nil
}

// FetchAll is Fetch for several packages by one call of apt-get: deb is put at the path that to gives for it.
func (d Downloader) FetchAll(ctx context.Context, debs []Deb, scratch string, to func(Deb) string) error {
	var wanted []word.Target
	for _, deb := range debs {
		if deb.Unauthenticated && !d.Unauthenticated {
			return &UnauthenticatedError{deb.Name.String(), deb.Version.String()}
		}
		t := deb.Target
		t.Architecture = word.Architecture{} // apt's candidates are the machine's own, or for all
		wanted = append(wanted, t)
	}
	said, err := d.download(ctx, scratch, wanted...)
	for _, deb := range debs {
		if err == nil {
			err = deb.take(ctx, scratch, deb.Name.String()+"_", to(deb))
		}
		if err != nil {
			return &FetchError{Package: deb.Name.String(), Version: deb.Version.String(), Output: said, Err: err}
		}
	}
	return nil
}

// download has apt-get download into dir and returns its standard error.
func (d Downloader) download(ctx context.Context, dir string, wanted ...word.Target) (string, error) {
	if err := lend(d.Root, dir); err != nil {
		return "", err
	}
	inside, err := d.Root.Inside(dir)
	if err != nil {
		return "", err
	}
	var stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, "apt-get", GetArgs(d.Unauthenticated, []string{"download"}, wanted...)...)
	cmd.Dir, cmd.Stderr, cmd.WaitDelay = inside, &stderr, aptGrace
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	run := d.Run
	if run == nil {
		run = (*exec.Cmd).Run
	}
	err = run(cmd)
	if ctx.Err() != nil {
		err = context.Cause(ctx)
	} else if err != nil {
		err = fmt.Errorf("apt-get: %w", err)
	}
	return stderr.String(), err
}
