package kbuild

import (
	"fmt"
	"maps"
	"os"
	"path"
)

// symversFile is what modpost lists exported symbols in, in the headers and in every directory it is run for.
const symversFile = "Module.symvers"

// prove reads every module that was built and compares it with the kernel. All that is wrong is in the log, the first of
// it is the error.
func (s *steps) prove(built []builtModule, p *proof) (exports Exports, uses [][]string, err error) {
	modules := make([]elfModule, len(built))
	for i, b := range built {
		if modules[i], err = s.readBuilt(b); err != nil {
			return nil, nil, fmt.Errorf("module %s: %w", b.dest, err)
		}
	}
	exports = s.builtExports(built, modules)
	p.layers = append([]Exports{exports}, p.layers...)
	uses = make([][]string, len(built))
	var wrong []error
	for i, b := range built {
		used, errs := p.check(b.dest, modules[i])
		uses[i], wrong = used, append(wrong, errs...)
	}
	if len(wrong) == 0 {
		return exports, uses, nil
	}
	for _, err := range wrong {
		fmt.Fprintf(s.log, "mago: %v\n", err)
	}
	return nil, nil, wrong[0]
}

func (s *steps) readBuilt(b builtModule) (elfModule, error) {
	in, err := openRegular(s.work, b.path)
	if err != nil {
		return elfModule{}, err
	}
	defer in.Close()
	return readModule(in)
}

// newProof knows the kernel's exports and those of the modules that this build may use.
func (s *steps) newProof() (*proof, error) {
	kernel, err := readSymversFile(newRooted(s.Root).open(path.Join(s.job.Kernel.Headers, symversFile)))
	if err != nil {
		return nil, err
	}
	needs := Exports{}
	for _, file := range s.job.Symvers {
		more, err := readSymversFile(os.Open(file))
		if err != nil {
			return nil, err
		}
		maps.Copy(needs, more)
	}
	p := &proof{kernel: s.job.Kernel, needs: needs, given: map[string]bool{}, layers: []Exports{needs, kernel}}
	for _, layer := range p.layers {
		for _, export := range layer {
			p.given[canonical(export.Module)] = true
		}
	}
	return p, nil
}

// give notes modules of this build; one that is installed under another name is known by both.
func (p *proof) give(built ...builtModule) {
	for _, b := range built {
		p.given[canonical(fileName(b))], p.given[canonical(b.dest)] = true, true
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
