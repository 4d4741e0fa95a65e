package kbuild

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"mago/debpkg/codec"
)

// maxFacts bounds what is known of all modules of a build together, in bytes of memory, roughly; NVIDIA's, the largest
// known, take a hundredth of it. How many modules there are costs a build next to nothing: a file may have many names.
const maxFacts = 256 << 20

// learn counts what is known of one more module.
func (s *steps) learn(m elfModule) error {
	const perModule, perName = 4 << 10, 64
	s.facts += perModule
	for _, names := range [][]string{m.depends, m.wants} {
		for _, name := range names {
			s.facts += int64(perName + len(name))
		}
	}
	for _, names := range []map[string]uint32{m.versions, m.gives} {
		for name := range names {
			s.facts += int64(perName + len(name))
		}
	}
	if s.facts > maxFacts {
		return &codec.LimitError{What: "bytes of names in the modules of one build", Max: maxFacts}
	}
	return nil
}

// maxWrong is how much of what is wrong is worth telling.
const maxWrong = 1000

// prove reads every module that was built and compares it with the kernel. What is wrong is in the log, the first of it is
// the error.
func (s *steps) prove(built []builtModule, p *proof) (Exports, error) {
	modules := make([]elfModule, len(built))
	for i, b := range built {
		var err error
		if modules[i], err = s.readBuilt(b); err == nil {
			err = s.learn(modules[i])
		}
		if err != nil {
			return nil, fmt.Errorf("module %s: %w", b.dest, err)
		}
	}
	exports := s.builtExports(built, modules)
	p.layers[0] = exports
	var wrong []error
	for i, b := range built {
		wrong = append(wrong, p.check(b.dest, modules[i])...)
		if len(wrong) >= maxWrong {
			break
		}
	}
	if len(wrong) == 0 {
		return exports, nil
	}
	for _, err := range wrong {
		s.log.note("%v", err)
	}
	return nil, wrong[0]
}

func (s *steps) readBuilt(b builtModule) (elfModule, error) {
	in, err := s.openBuilt(b.path)
	if err != nil {
		return elfModule{}, err
	}
	defer in.Close()
	return readModule(in)
}

// newProof knows the kernel's exports and those of the modules that this build needs.
func (s *steps) newProof() (*proof, error) {
	kernel, err := readSymversFile(s.job.Kernel.Open(s.Root, symversFile))
	if err != nil {
		return nil, err
	}
	p := &proof{kernel: s.job.Kernel, owners: map[string]string{}, given: map[string]bool{}}
	needs := Exports{}
	for _, n := range s.job.Needed {
		exports, err := readSymversFile(os.Open(filepath.Join(n.Modules, symversFile)))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		for symbol, export := range exports {
			needs[symbol], p.owners[symbol] = export, n.Module
		}
	}
	p.layers = []Exports{{}, needs, kernel}
	for _, layer := range p.layers {
		for _, export := range layer {
			p.given[canonical(export.Module)] = true
		}
	}
	return p, nil
}

// give notes a module of this build by all names that others may know it by: one may be installed under another name, and
// its file may have been renamed since it was linked.
func (p *proof) give(b builtModule, info modinfo) {
	for _, name := range []string{fileName(b), b.dest, info.name} {
		p.given[canonical(name)] = true
	}
}

// readSymversFile takes what opening the file gave.
func readSymversFile(file *os.File, err error) (Exports, error) {
	if err != nil {
		return nil, err
	}
	defer file.Close()
	exports, err := ReadSymvers(file)
	if err != nil {
		return nil, fmt.Errorf("parse %s: %w", file.Name(), err)
	}
	return exports, nil
}
