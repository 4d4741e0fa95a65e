package engine

import (
	"path/filepath"
	"slices"
	"strings"

	"mago/cmd/mago/internal/modpkg"
	"mago/cmd/mago/internal/store"
	"mago/debpkg/rooted"
	"mago/debpkg/word"
	"mago/kbuild/dkms"
	"mago/kbuild/kernel"
	"mago/kbuild/recipe"
)

// tools are the programs that compile a unit and that its recipe runs: as dpkg knows them by the versions of their packages and the
// lists of their files' sums, and by their contents where no package has them. The libraries that these stand on do not count.
func (ks *keys) tools(u unit, conf *dkms.Conf) ([]store.Input, error) {
	job := ks.confs.job(u.target, u.Kernel)
	job.Conf = conf
	needs, err := recipe.Needs(job)
	if err != nil {
		return nil, err
	}
	return ks.toolsOf(u.target, append(kernel.Tools(ks.Root, u.Kernel), needs...))
}

// toolsOf are those programs, the assembler and the linker, and what a target's packages say that compiling it needs.
func (ks *keys) toolsOf(t target, programs []*kernel.ToolError) ([]store.Input, error) {
	depends, err := ks.prepare.buildDepsOf(t)
	if err != nil {
		return nil, err
	}
	set := toolSet{depends: depends}
	for _, tool := range programs {
		set.add(tool.Tool.String(), tool.Package)
	}
	set.add("ld", word.Package{})
	set.add("as", word.Package{})
	return ks.known.tools.of(ks.known.changes.Load(), set, func() ([]store.Input, error) { return ks.lookUp(set) })
}

// toolSet is what is looked up together: programs, and packages as a Depends value.
type toolSet struct{ programs, depends string }

func (s *toolSet) add(program string, pkg word.Package) {
	s.programs += program + " "
	if !pkg.IsZero() {
		s.depends = modpkg.Join(s.depends, pkg.String())
	}
}

// lookUp finds the packages and files of a set of tools.
func (ks *keys) lookUp(set toolSet) ([]store.Input, error) {
	status, err := ks.pkgs.installed()
	if err != nil {
		return nil, err
	}
	var files []string
	for program := range strings.FieldsSeq(set.programs) {
		if path := kernel.FindTool(ks.Root, program); path != "" {
			file, _, err := rooted.Root(ks.Root).Resolve(path)
			if err != nil {
				return nil, err
			}
			files = append(files, file)
		}
	}
	packages, strange, err := status.Closest(rooted.Root(ks.Root), set.depends, files)
	if err != nil {
		return nil, err
	}
	var inputs []store.Input
	for _, p := range packages {
		in := store.Input{Role: asTool, Name: p.Package, Version: p.Version}
		if sums := p.Sums(rooted.Root(ks.Root)); sums != "" {
			if in.SHA256, err = ks.sumOfSums(sums); err != nil {
				return nil, err
			}
		}
		inputs = append(inputs, in)
	}
	own, err := ks.contents(strange)
	return append(inputs, own...), err
}

// contents are programs that no package has, and what a compiler among them runs.
func (ks *keys) contents(files []string) (inputs []store.Input, err error) {
	slices.Sort(files)
	for _, file := range slices.Compact(files) {
		for _, path := range append(ks.passes(file), file) {
			sum, _, err := store.SHA256(rooted.Root(ks.Root).Open(path))
			if err != nil {
				return nil, err
			}
			inputs = append(inputs, store.Input{Role: asTool, Name: path, SHA256: sum})
		}
	}
	return inputs, nil
}

// passes are the compilers proper of gcc, wherever it lies: gcc itself only calls them.
func (ks *keys) passes(file string) (paths []string) {
	if !strings.Contains(filepath.Base(file), "gcc") {
		return nil
	}
	prefix := filepath.Dir(filepath.Dir(file))
	for _, lib := range []string{"lib", "libexec"} {
		found, _ := filepath.Glob(filepath.Join(ks.Root, prefix, lib, "gcc/*/*/cc1"))
		for _, path := range found {
			if inside, err := rooted.Root(ks.Root).Inside(path); err == nil {
				paths = append(paths, inside)
			}
		}
	}
	return paths
}
