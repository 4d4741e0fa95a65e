package engine

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// KernelDirError says that -k names no directory of kernel headers.
type KernelDirError struct {
	Dir   string
	Err   error
	Found bool   // whether the directory is there
	Meant string // the directory of a kernel that it is a part of, "" where none is known
}

func (e *KernelDirError) Error() string {
	switch {
	case e.Found:
		return e.Dir + " is not a kernel of its own"
	case errors.Is(e.Err, fs.ErrNotExist):
		return fmt.Sprintf("-k %s: no such directory", e.Dir)
	}
	return fmt.Sprintf("-k %s: no kernel headers: %v", e.Dir, e.Err)
}

func (e *KernelDirError) Hint(on System) string {
	if e.Meant == "" {
		return "name a directory that headers were installed to, such as /usr/src/linux-headers-…"
	}
	release := strings.TrimPrefix(filepath.Base(e.Meant), "linux-headers-")
	return fmt.Sprintf(`name the directory of a kernel, such as %s, or run "%s"`, e.Meant, on.SudoMago("prepare", "-l", release))
}

func (e *KernelDirError) Unwrap() error { return e.Err }

// dirReleases are the kernels of those directories. Where others are, one that holds no kernel of its own is left out with a
// line: /usr/src/linux-headers-* takes in linux-headers-*-common, the half that several kernels share.
func (kf *kernelFinder) dirReleases() ([]string, error) {
	var releases []string
	var unfit []*KernelDirError
	for _, dir := range kf.HeaderDirs {
		release, err := kf.finder().ReleaseOf(dir)
		if err == nil {
			releases = append(releases, release)
			continue
		}
		bad := &KernelDirError{Dir: dir, Err: err, Found: errors.Is(err, fs.ErrNotExist) && kf.isDir(dir)}
		if !bad.Found {
			return nil, bad
		}
		bad.Meant = kf.kernelBeside(dir)
		unfit = append(unfit, bad)
	}
	if len(releases) == 0 && len(unfit) > 0 {
		return nil, unfit[0]
	}
	for _, bad := range unfit {
		kf.say.note("skipped", "%v", bad)
	}
	return releases, nil
}

// dirsOf are those of the directories that hold a kernel.
func (kf *kernelFinder) dirsOf(release string) (dirs []string) {
	for _, dir := range kf.HeaderDirs {
		if of, err := kf.finder().ReleaseOf(dir); err == nil && of == release {
			dirs = append(dirs, dir)
		}
	}
	return dirs
}

func (b *base) isDir(dir string) bool {
	info, err := os.Stat(filepath.Join(b.Root, dir))
	return err == nil && info.IsDir()
}

// kernelBeside is the directory of a kernel that shares the half in dir, of which Debian calls linux-headers-6.1.0-56-common what
// 6.1.0-56-amd64 and 6.1.0-56-cloud-amd64 share: one that is there, else that of the architecture's own flavour.
func (kf *kernelFinder) kernelBeside(dir string) string {
	version, flavour, ok := strings.Cut(dir, "-common")
	arch, err := kf.pkgs.architecture()
	if !ok || err != nil || flavour != "" && flavour != "-rt" {
		return ""
	}
	own := version + flavour + "-" + arch
	for _, release := range kf.finder().WithHeaders() {
		beside := filepath.Join(filepath.Dir(dir), "linux-headers-"+release)
		if strings.HasPrefix(beside, version+flavour+"-") && kf.isDir(beside) && !kf.isDir(own) {
			return beside
		}
	}
	return own
}
