package recipe

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"mago/debpkg/visible"
	"mago/kbuild/foreign"
	"mago/kbuild/kernel"
	"mago/kbuild/rules"
	"mago/kbuild/sandbox"
)

// rulesFile is a module-assistant tarball's recipe.
const rulesFile = "debian/rules"

// The directories below the foreign tree that a debian/rules gets to know.
const (
	moduleLoc = "modules" // MODULE_LOC: module-assistant's tarballs hold modules/<name>
	maDir     = "modass"  // MA_DIR: the makefile fragments
	debDir    = "debs"    // KPKG_DEST_DIR: where it puts its package
	openedDir = "opened"  // the package, taken apart
)

// debianRules has a debian/rules make its package as module-assistant would, and takes that apart.
type debianRules struct{ text []byte }

func (debianRules) Name() string { return rulesFile }

func (r debianRules) Needs(Job) ([]*kernel.ToolError, error) {
	const why = "debian/rules makes its package with it"
	needs := []*kernel.ToolError{kernel.NewToolError("fakeroot", "fakeroot", why)}
	if rules.UsesDebhelper(r.text) {
		needs = append(needs, kernel.NewToolError("dh", "debhelper", why))
	}
	return needs, nil
}

func (r debianRules) Run(ctx context.Context, w *Workspace) (*Staged, error) {
	if err := w.checkNeeds(r, w.Job); err != nil {
		return nil, err
	}
	if err := w.dropSymbols(); err != nil {
		return nil, err
	}
	build, err := prepareRules(ctx, w)
	if err != nil {
		return nil, err
	}
	s := w.in(build)
	args := rulesCommand(w)
	if err := s.do(ctx, rulesFile, strings.Join(args, " "), args...); err != nil {
		return nil, err
	}
	s.warnOfLostFlags(ctx, strings.Join(args, " "))
	w.Through()
	staged, err := s.takeApart(ctx)
	return staged, s.blame(err)
}

// takeApart takes what the package that the rules have made holds.
func (s *steps) takeApart(ctx context.Context) (*Staged, error) {
	deb, err := s.builtDeb()
	if err != nil {
		return nil, err
	}
	if err := s.lendsNoRights(ctx, deb); err != nil {
		return nil, err
	}
	args := []string{"dpkg-deb", "--raw-extract", s.Inside(deb), s.Inside(openedDir)}
	if err := s.do(ctx, "dpkg-deb", strings.Join(args, " "), args...); err != nil {
		return nil, err
	}
	return s.collectPackage(ctx)
}

// lendsNoRights looks for set-user-ID and set-group-ID in the package's list: in a sandbox no file can have them, and
// tar(1), which opens the package, could only say that.
func (s *steps) lendsNoRights(ctx context.Context, deb string) error {
	const maxList = 16 << 20
	list := boundedBuffer{limit: maxList}
	if err := s.Run(ctx, sandbox.Spec{Args: []string{"dpkg-deb", "--contents", s.Inside(deb)}, Stdout: &list, Stderr: s.Log}); err != nil {
		if list.over {
			return &Error{rulesFile, fmt.Errorf("the list of what its package holds is longer than %d bytes", maxList)}
		}
		return fmt.Errorf("list what its package holds: %w", err)
	}
	for line := range strings.Lines(string(list.held)) {
		mode, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		if _, name, ok := strings.Cut(rest, " ."); ok && strings.ContainsAny(mode, "sS") {
			return &Error{rulesFile, fmt.Errorf("its package holds %s with the rights of another user", visible.Line(name))}
		}
	}
	return nil
}

// rulesText reads the debian/rules of a source, nil where it has none of its own: a link out of it counts for nothing.
func rulesText(root *os.Root) ([]byte, error) {
	if info, err := root.Stat(rulesFile); err != nil || !info.Mode().IsRegular() {
		return nil, nil
	}
	text, err := foreign.ReadText(root, rulesFile, maxText)
	return text, tooLong(rulesFile, err)
}

// isRules reports whether a source has a debian/rules that is module-assistant's.
func isRules(root *os.Root) (bool, error) {
	text, err := rulesText(root)
	return rules.Recognise(text), err
}

// prepareRules copies the source to modules/<name>, as module-assistant's tarballs lie, and the fragments beside it.
func prepareRules(ctx context.Context, w *Workspace) (build string, err error) {
	build = filepath.Join(moduleLoc, directoryName(filepath.Base(w.Job.Source.Dir)))
	if err := w.copyTree(ctx, w.Job.Source, build); err != nil {
		return "", fmt.Errorf("copy the source of %s: %w", w.Job.Source.Name, err)
	}
	if err := errors.Join(rules.Place(w.files, maDir), w.files.Mkdir(debDir, 0o755), aim(w, filepath.Join(build, rulesFile))); err != nil {
		return "", err
	}
	return build, w.Sandbox.Own(w.dir)
}

// aim has the copied rules find the fragments in every kind of sandbox, and makes them a program, which dh takes them for.
func aim(w *Workspace, file string) error {
	info, err := w.files.Stat(file)
	if err != nil {
		return err
	}
	text, err := foreign.ReadText(w.files, file, maxText)
	if err != nil {
		return tooLong(rulesFile, err)
	}
	return errors.Join(
		w.files.WriteFile(file, rules.Aim(text, w.Inside(maDir)), 0o755),
		w.files.Chmod(file, 0o755),
		w.files.Chtimes(file, info.ModTime(), info.ModTime()))
}

// rulesCommand is what module-assistant calls a debian/rules with. The rules learn by DEB_BUILD_OPTIONS how many compilers may
// run; make's -j, or a jobserver, not all bear: bbswitch's call "make modules modules_install". Their package is only read again, so it
// need not be compressed (dpkg-deb(1)).
func rulesCommand(w *Workspace) []string {
	k, jobs := w.Job.Kernel, strconv.Itoa(w.Job.Told())
	args := []string{"env",
		"MA_DIR=" + w.Inside(maDir), "MODULE_LOC=" + w.Inside(moduleLoc), "KPKG_DEST_DIR=" + w.Inside(debDir), "DEB_DESTDIR=" + w.Inside(debDir),
		"MA_SOURCE_PKG=" + w.Job.Source.Name + "-source", "CONCURRENCY_LEVEL=" + jobs, "DEB_BUILD_OPTIONS=nocheck noautodbgsym parallel=" + jobs,
		"DPKG_DEB_COMPRESSOR_TYPE=none",
		"FAKEROOTDONTTRYCHOWN=1"} // where a namespace has no root, chown(2) says EINVAL, which fakeroot takes for a failure
	args = append(args, "fakeroot", "make", "-f", rulesFile,
		"KVERS="+k.Release, "KSRC="+cmp.Or(k.Build, k.Headers), "KDREV="+k.Version, "kdist_image")
	return slices.Concat(args, k.Toolchain(), w.Job.MakeArguments)
}

// builtDeb finds the package that the rules have made: where they were told to put it, or where debhelper puts one by default.
func (s *steps) builtDeb() (string, error) {
	var found []string
	for _, dir := range []string{debDir, moduleLoc} {
		debs, err := fs.Glob(s.files.FS(), path.Join(dir, "*.deb"))
		if err != nil {
			return "", err
		}
		found = append(found, debs...)
	}
	switch len(found) {
	case 0:
		return "", &Error{rulesFile, errors.New("kdist_image succeeded but made no .deb")}
	case 1:
		return found[0], nil
	}
	return "", &Error{rulesFile, fmt.Errorf("kdist_image made %d .deb files instead of one: %.500s", len(found), strings.Join(found, ", "))}
}
