package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

// kernelDirError says that -k names no directory of kernel headers.
type kernelDirError struct {
	dir string
	err error
}

func (e *kernelDirError) Error() string {
	return fmt.Sprintf("-k %s: no kernel headers: %v", e.dir, e.err)
}
func (e *kernelDirError) Unwrap() error { return e.err }

// kernelDirs are the directories of -k and KERNELDIRS, inside the root. One that exists may have blanks in its name.
func (a *app) kernelDirs() []string {
	var dirs []string
	for _, value := range append(slices.Clone(a.KernelDir), os.Getenv("KERNELDIRS")) {
		for _, dir := range listOrPath(value) {
			if a.Root == "/" {
				dir, _ = filepath.Abs(dir) // fails only without a working directory
			}
			dirs = append(dirs, dir)
		}
	}
	return dirs
}

// dirReleases are the kernels of those directories. Where others are, one that holds no kernel of its own is left out with a
// line: /usr/src/linux-headers-* takes in linux-headers-*-common, the half that several kernels share.
func (a *app) dirReleases() ([]string, error) {
	var releases []string
	var unfit []*kernelDirError
	for _, dir := range a.kernelDirs() {
		release, err := a.finder().ReleaseOf(dir)
		if err == nil {
			releases = append(releases, release)
			continue
		}
		bad := &kernelDirError{dir, err}
		if !errors.Is(err, fs.ErrNotExist) || !a.isDir(dir) {
			return nil, bad
		}
		unfit = append(unfit, bad)
	}
	if len(releases) == 0 && len(unfit) > 0 {
		return nil, unfit[0]
	}
	for _, bad := range unfit {
		a.screen.line(fmt.Sprintf("%-8s %s is not a kernel of its own", "skipped", bad.dir))
	}
	return releases, nil
}

func (a *app) isDir(dir string) bool {
	info, err := os.Stat(filepath.Join(a.Root, dir))
	return err == nil && info.IsDir()
}
