package kbuild

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
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

// rulesRecipe has a debian/rules make its package as module-assistant would, and takes that apart.
type rulesRecipe struct{}

func (*rulesRecipe) String() string { return rulesFile }

func (r *rulesRecipe) run(s *steps) ([]builtModule, error) {
	if err := r.needs(s); err != nil {
		return nil, err
	}
	if err := r.prepare(s); err != nil {
		return nil, err
	}
	args := r.command(s)
	if err := s.do(rulesFile, strings.Join(args, " "), args...); err != nil {
		return nil, err
	}
	s.through = true
	deb, err := r.deb(s)
	if err != nil {
		return nil, err
	}
	if err := r.lendsNoRights(s, deb); err != nil {
		return nil, err
	}
	args = []string{"dpkg-deb", "--raw-extract", s.inside(deb), s.inside(openedDir)}
	if err := s.do("dpkg-deb", strings.Join(args, " "), args...); err != nil {
		return nil, err
	}
	return r.collect(s)
}

// lendsNoRights looks for set-user-ID and set-group-ID in the package's list: in a sandbox no file can have them, and
// tar(1), which opens the package, could only say that.
func (r *rulesRecipe) lendsNoRights(s *steps, deb string) error {
	const maxList = 16 << 20
	list := boundedBuffer{limit: maxList}
	if err := s.run(sandbox.Spec{Args: []string{"dpkg-deb", "--contents", s.inside(deb)}, Stdout: &list, Stderr: s.log}); err != nil {
		if list.over {
			return &RecipeError{rulesFile, fmt.Errorf("the list of what its package holds is longer than %d bytes", maxList)}
		}
		return fmt.Errorf("list what its package holds: %w", err)
	}
	for line := range strings.Lines(string(list.held)) {
		mode, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		if _, name, ok := strings.Cut(rest, " ."); ok && strings.ContainsAny(mode, "sS") {
			return &RecipeError{rulesFile, fmt.Errorf("its package holds %s with the rights of another user", visible.Line(name))}
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

// RulesNeeds lists the Debian packages that following the debian/rules of a source takes, whatever the source itself
// declares.
func RulesNeeds(source Source) ([]string, error) {
	root, err := source.open()
	if err != nil {
		return nil, err
	}
	defer root.Close()
	text, err := rulesText(root)
	needs := []string{"fakeroot"}
	if rules.UsesDebhelper(text) {
		needs = append(needs, "debhelper")
	}
	return needs, err
}

// needs is RulesNeeds for a caller who has not seen to them.
func (r *rulesRecipe) needs(s *steps) error {
	needs, err := RulesNeeds(s.job.Source)
	for _, pkg := range needs {
		tool := map[string]string{"fakeroot": "fakeroot", "debhelper": "dh"}[pkg]
		if !kernel.HasTool(s.Root, tool) {
			return kernel.NewToolError(tool, pkg, "debian/rules makes its package with it")
		}
	}
	return err
}

// prepare copies the source to modules/<name>, as module-assistant's tarballs lie, and the fragments beside it.
func (r *rulesRecipe) prepare(s *steps) error {
	s.result.Name, s.result.Version = s.job.Source.Name, s.job.Source.Version
	s.build = filepath.Join(moduleLoc, directoryName(filepath.Base(s.job.Source.Dir)))
	if err := s.copyTree(s.job.Source, s.build); err != nil {
		return fmt.Errorf("copy the source of %s: %w", s.job.Source.Name, err)
	}
	if err := errors.Join(rules.Place(s.work, maDir), s.work.Mkdir(debDir, 0o755), r.aim(s)); err != nil {
		return err
	}
	return s.Sandbox.Own(s.tree)
}

// aim has the copied rules find the fragments in every kind of sandbox, and makes them a program, which dh takes them for.
func (r *rulesRecipe) aim(s *steps) error {
	file := filepath.Join(s.build, rulesFile)
	info, err := s.work.Stat(file)
	if err != nil {
		return err
	}
	text, err := foreign.ReadText(s.work, file, maxText)
	if err != nil {
		return tooLong(rulesFile, err)
	}
	return errors.Join(
		s.work.WriteFile(file, rules.Aim(text, s.inside(maDir)), 0o755),
		s.work.Chmod(file, 0o755),
		s.work.Chtimes(file, info.ModTime(), info.ModTime()))
}

// command is what module-assistant calls a debian/rules with. The rules learn by DEB_BUILD_OPTIONS how many compilers may
// run; not all bear make's -j. Their package is only read again, so it need not be compressed (dpkg-deb(1)).
func (r *rulesRecipe) command(s *steps) []string {
	k, jobs := s.job.Kernel, strconv.Itoa(s.job.Jobs)
	args := []string{"env",
		"MA_DIR=" + s.inside(maDir), "MODULE_LOC=" + s.inside(moduleLoc), "KPKG_DEST_DIR=" + s.inside(debDir), "DEB_DESTDIR=" + s.inside(debDir),
		"MA_SOURCE_PKG=" + s.job.Source.Name + "-source", "CONCURRENCY_LEVEL=" + jobs, "DEB_BUILD_OPTIONS=nocheck noautodbgsym parallel=" + jobs,
		"DPKG_DEB_COMPRESSOR_TYPE=none",
		"FAKEROOTDONTTRYCHOWN=1"} // where a namespace has no root, chown(2) says EINVAL, which fakeroot takes for a failure
	args = append(args, "fakeroot", "make", "-f", rulesFile,
		"KVERS="+k.Release, "KSRC="+cmp.Or(k.Build, k.Headers), "KDREV="+k.Version, "kdist_image")
	return append(args, k.Toolchain()...)
}

// deb finds the package that the rules have made: where they were told to put it, or where debhelper puts one by default.
func (r *rulesRecipe) deb(s *steps) (string, error) {
	var found []string
	for _, dir := range []string{debDir, moduleLoc} {
		debs, err := fs.Glob(s.work.FS(), path.Join(dir, "*.deb"))
		if err != nil {
			return "", err
		}
		found = append(found, debs...)
	}
	switch len(found) {
	case 0:
		return "", &RecipeError{rulesFile, errors.New("kdist_image succeeded but made no .deb")}
	case 1:
		return found[0], nil
	}
	return "", &RecipeError{rulesFile, fmt.Errorf("kdist_image made %d .deb files instead of one: %.500s", len(found), strings.Join(found, ", "))}
}
