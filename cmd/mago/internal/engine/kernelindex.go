package engine

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/google/renameio/v2"

	"mago/debpkg/apt"
	"mago/kbuild/kernel"
)

// kernelIndex is a file of the cache: of each kernel whose headers were opened there, from which packages, and what plans ask. An
// entry outlives its packages: it is of these very ones.
type kernelIndex struct {
	Format  int
	Kernels map[string]kernelEntry // by release
}

type kernelEntry struct {
	Packages []apt.Deb     // the headers' own first
	Facts    *kernel.Facts // nil where the headers have to be looked at
}

// kernelIndexFormat changes with what facts are, and with what kernel.Kernel's hash is over.
const kernelIndexFormat = 3

func (p Paths) headers() string { return filepath.Join(p.Cache, "headers") }

func (p Paths) kernelIndexFile() string { return filepath.Join(p.headers(), "index.json") }

// readKernelIndex reads it; one that is not there, or that nobody understands, is empty. Entries that no mago writes are left out.
func (p Paths) readKernelIndex() kernelIndex {
	ix := kernelIndex{}
	text, err := os.ReadFile(p.kernelIndexFile())
	if err != nil || json.Unmarshal(text, &ix) != nil || ix.Format != kernelIndexFormat {
		ix = kernelIndex{}
	}
	if ix.Kernels == nil {
		ix.Kernels = map[string]kernelEntry{}
	}
	maps.DeleteFunc(ix.Kernels, func(release string, e kernelEntry) bool {
		return len(e.Packages) == 0 || e.Facts != nil && e.Facts.Release != release
	})
	return ix
}

func (ix kernelIndex) write(path string) error {
	ix.Format = kernelIndexFormat
	text, err := json.Marshal(ix)
	if err != nil {
		return err
	}
	return renameio.WriteFile(path, append(text, '\n'), 0o644, renameio.WithTempDir(filepath.Dir(path)), renameio.IgnoreUmask())
}

// isOf reports whether an entry is of these very packages.
func (e kernelEntry) isOf(debs []apt.Deb) bool { return slices.Equal(e.Packages, debs) }
