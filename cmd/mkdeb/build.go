package main

import (
	"bytes"
	"cmp"
	"context"
	"debug/elf"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"

	"mago/debpkg"
	"mago/debpkg/codec"
)

// machines are the architectures that mago is packaged for, by the name that Debian and Go share.
var machines = map[string]elf.Machine{"amd64": elf.EM_X86_64, "arm64": elf.EM_AARCH64}

// request says which package to write. Epoch is SOURCE_DATE_EPOCH; where it is empty, the package has the date of Commit, and
// without a commit the changelog's.
type request struct{ Arch, Source, Dest, Epoch, Commit string }

// write builds mago and returns the path of its package.
func (r request) write(ctx context.Context) (deb string, err error) {
	if _, ok := machines[r.Arch]; !ok {
		return "", fmt.Errorf("mago is not packaged for %s", r.Arch)
	}
	if _, err := exec.LookPath("xz"); err != nil { // before minutes go into compiling
		return "", errors.New(`missing: xz; run "sudo apt-get install xz-utils"`)
	}
	dir, err := os.MkdirTemp("", "mkdeb")
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	c, err := r.collect(ctx, dir)
	if err != nil {
		return "", err
	}
	p, err := c.compose()
	if err != nil {
		return "", err
	}
	return debpkg.Write(r.Dest, p, debpkg.Options{Compression: codec.XZ})
}

// collect builds the programs in dir, and gathers the other files.
func (r request) collect(ctx context.Context, dir string) (c contents, err error) {
	if c.Date, err = r.date(); err != nil {
		return c, err
	}
	native := filepath.Join(dir, "native")
	if err := r.build(ctx, runtime.GOARCH, own, native); err != nil {
		return c, err
	}
	for word, text := range map[string]*[]byte{"--version": &c.Version, "man": &c.Manual, "completion": &c.Completion} {
		if *text, err = output(exec.CommandContext(ctx, native, word)); err != nil {
			return c, err
		}
	}
	c.Arch, c.Program = r.Arch, native
	if r.Arch != runtime.GOARCH {
		c.Program = filepath.Join(dir, r.Arch)
		if err := r.build(ctx, r.Arch, own, c.Program); err != nil {
			return c, err
		}
	}
	c.OfTokens = filepath.Join(dir, "of-tokens")
	if err := r.build(ctx, r.Arch, ofTokens, c.OfTokens); err != nil {
		return c, err
	}
	linked, err := r.linked(ctx, c.Program, c.OfTokens)
	if err != nil {
		return c, err
	}
	if c.Copyright, err = copyright(linked); err != nil {
		return c, err
	}
	c.Changelog = ownChangelog
	return c, nil
}

// date is the date of everything in the package.
func (r request) date() (time.Time, error) {
	text := cmp.Or(r.Epoch, r.Commit)
	if text == "" {
		return changelogDate(ownChangelog)
	}
	seconds, err := strconv.ParseInt(text, 10, 64)
	if err != nil || seconds < 0 {
		return time.Time{}, fmt.Errorf("SOURCE_DATE_EPOCH=%q is not a number of seconds", text)
	}
	return time.Unix(seconds, 0).UTC(), nil
}

// committed is when the last commit in a directory was made, in seconds since 1970. git shows no commit outside a checkout, nor in
// one of another user's.
func committed(ctx context.Context, dir string) (string, error) {
	out, err := output(exec.CommandContext(ctx, "git", "-C", dir, "show", "--no-patch", "--format=%ct", "HEAD"))
	return strings.TrimSpace(string(out)), err
}

// The commands that are packaged: mago, and its child that talks to tokens.
const (
	own      = "./cmd/mago"
	ofTokens = "./cmd/mago-pkcs11"
)

// flags are the commands' own: what loads foreign libraries is as hard to misuse as Debian wants it (lintian's hardening-no-pie,
// hardening-no-relro).
var flags = map[string][]string{own: {"-ldflags=-s -w"}, ofTokens: {"-buildmode=pie", "-ldflags=-s -w -bindnow"}}

// build compiles a command as "make build" does, without symbols, which Debian Policy 10.1 does not want in packages.
func (r request) build(ctx context.Context, arch, command, program string) error {
	args := append([]string{"build", "-trimpath", "-o", program}, flags[command]...)
	if r.Commit == "" {
		args = append(args, "-buildvcs=false") // or go build would end with git's error
	}
	_, err := output(r.golang(ctx, arch, append(args, command)...))
	return err
}

// golang prepares a go command for an architecture.
func (r request) golang(ctx context.Context, arch string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir = r.Source
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH="+arch)
	return cmd
}

// output runs a program and returns its standard output; its standard error goes into the error.
func output(cmd *exec.Cmd) ([]byte, error) {
	var complaints bytes.Buffer
	cmd.Stderr = &complaints
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("%s: %w: %s", strings.Join(cmd.Args, " "), err, bytes.TrimSpace(complaints.Bytes()))
	}
	return out, nil
}
