package recipe

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"mago/debpkg/word"
	"mago/kbuild/deep"
	"mago/kbuild/dkms"
	"mago/kbuild/sandbox"
)

// confDir is the workspace in which a dkms.conf is evaluated, below the build's; no PACKAGE_NAME begins like this.
const confDir = "_conf"

// sourcesDir stands for /usr/src in sandboxes that cannot show anything there.
const sourcesDir = "_src"

// apart makes an empty workspace below this one.
func (w *Workspace) apart(dir string) (*Workspace, error) {
	if err := errors.Join(w.remove(dir), w.files.Mkdir(dir, 0o700)); err != nil {
		return nil, err
	}
	files, err := w.files.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	below := &Workspace{Host: w.Host, Job: w.Job, Log: w.Log, dir: filepath.Join(w.dir, dir), files: files}
	if err := below.placeUname(""); err != nil {
		return nil, errors.Join(err, files.Close())
	}
	return below, nil
}

// sources is the inside path of the directory that dkms builds from.
func (w *Workspace) sources() string {
	if w.Sandbox.Shows() {
		return usrSrc
	}
	return w.Inside(sourcesDir)
}

// asDKMS gives a conf with dkms's own paths in the place of the workspace's.
func (w *Workspace) asDKMS(conf *dkms.Conf) *dkms.Conf {
	return conf.Moved(w.Inside(sourcesDir), usrSrc).Moved(w.Inside(""), sandbox.WorkDir)
}

// showConf lays out what dkms has when it reads a dkms.conf, the source in dkms's tree and in /usr/src, and returns the source's
// directory. It shows the source itself where the build user can read it all and copied is false, else a copy.
func (w *Workspace) showConf(ctx context.Context, r reading, copied bool) (dir string, err error) {
	name, version := confPart(r.name), confPart(r.version)
	dir = sourceDir(name, version)
	place := filepath.Join(w.sources(), name+"-"+version)
	if !copied && w.Sandbox.Shows() && bytes.Equal(r.text, cleanConf(r.text)) {
		shown, err := w.asItLies(place)
		if err != nil {
			return "", err
		}
		if shown {
			return dir, errors.Join(w.files.MkdirAll(filepath.Dir(dir), 0o755), w.files.Symlink(place, dir), w.Sandbox.Own(w.dir))
		}
	}
	return dir, errors.Join(w.placeSource(ctx, name, version), w.Sandbox.Own(w.dir))
}

// sourceDir is the source's directory in dkms's tree.
func sourceDir(name, version string) string { return filepath.Join(name, version, "source") }

// confPart makes a name or version that may be a guess a part of a directory's name.
func confPart(s string) string {
	if _, err := word.ParseDKMS(s); err != nil {
		return directoryName(s)
	}
	return s
}

// asItLies mounts the source itself at a path, unless there is something in it that the build user may not read.
func (w *Workspace) asItLies(place string) (bool, error) {
	source, err := w.Job.Source.open()
	if err != nil {
		return false, err
	}
	defer source.Close()
	if w.Sandbox.Drop && (w.Sandbox.Closed(w.Job.Source.Dir) != nil || !isReadable(source)) {
		return false, nil
	}
	info, err := source.Stat(".")
	if err != nil {
		return false, err
	}
	stat := info.Sys().(*syscall.Stat_t)
	w.mounts = append(w.mounts, sandbox.Mount{Host: w.Job.Source.Dir, Path: place, Device: stat.Dev, Inode: stat.Ino})
	return true, nil
}

// isReadable reports whether everybody may read a tree.
func isReadable(tree *os.Root) bool {
	return nil == fs.WalkDir(tree.FS(), ".", deep.Bounded(func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := entry.Info()
		read := fs.FileMode(0o004)
		if entry.IsDir() {
			read = 0o005
		}
		if err == nil && entry.Type()&fs.ModeSymlink == 0 && info.Mode()&read != read {
			err = fs.ErrPermission
		}
		return err
	}))
}

// placeSource copies the source to where dkms has it, with a dkms.conf that bash takes.
func (w *Workspace) placeSource(ctx context.Context, name, version string) error {
	text, err := w.Job.Source.conf()
	if err != nil {
		return err
	}
	if err := w.showSource(ctx, w.Job.Source, name, version, true); err != nil {
		return err
	}
	clean := cleanConf(text)
	if bytes.Equal(clean, text) {
		return nil
	}
	file := filepath.Join(sourceDir(name, version), confFile)
	return errors.Join(w.remove(file), w.files.WriteFile(file, clean, 0o644))
}

// cleanConf is a dkms.conf as bash takes it: without the mark that some editors put first, and with line ends of its own.
func cleanConf(text []byte) []byte {
	text = bytes.TrimPrefix(text, []byte("\ufeff"))
	return bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n"))
}
