package catalog

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/google/renameio/v2"
)

// Format is the version of the index file; Open takes no other.
const Format = 4

// indexName is the index file's name in Config.Dir.
const indexName = "index.json"

// ErrNoIndex says that the index is missing, damaged, or of another format. Update makes one.
var ErrNoIndex = errors.New("no module index")

// Index is every module known, sorted by name.
type Index struct {
	Format  int
	Built   time.Time // UTC
	Inputs  string    // fingerprint of apt's lists, sources, preferences and configuration
	LeftOut []LeftOut `json:",omitempty"`
	Modules []Module

	Changed bool `json:"-"` // whether Update has just made it and it differs from the one before, if there was one
}

// Open reads the index file and dpkg's status; ErrNoIndex where there is no index of this format.
func Open(c Config) (*Index, error) {
	ix, err := readIndex(c)
	if err != nil {
		return nil, fmt.Errorf("open the module index: %w", err)
	}
	status, err := c.readStatus()
	if err != nil {
		return nil, fmt.Errorf("open the module index: %w", err)
	}
	ix.mergeStatus(status)
	return ix, nil
}

func readIndex(c Config) (*Index, error) {
	file := filepath.Join(c.Dir, indexName)
	data, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w: %s is missing", ErrNoIndex, file)
	}
	if err != nil {
		return nil, err
	}
	ix := &Index{}
	if err := json.Unmarshal(data, ix); err != nil {
		return nil, fmt.Errorf("%w: %s is damaged: %w", ErrNoIndex, file, err)
	}
	if ix.Format != Format {
		return nil, fmt.Errorf("%w: %s has format %d, not %d", ErrNoIndex, file, ix.Format, Format)
	}
	if !ix.plausible() {
		return nil, fmt.Errorf("%w: %s is damaged", ErrNoIndex, file)
	}
	return ix, nil
}

// plausible reports whether the modules are sorted, as lookups need, and each has the fields that addPackage sets.
func (ix *Index) plausible() bool {
	for i, m := range ix.Modules {
		if i > 0 && ix.Modules[i-1].Name >= m.Name || len(m.Packages) == 0 {
			return false
		}
		for _, p := range m.Packages {
			if p.Name.IsZero() || ModuleName(p.Name.String()) != m.Name || p.Kind != DKMS && p.Kind != ModuleAssistant {
				return false
			}
		}
	}
	return true
}

// write replaces the index file atomically.
func (ix *Index) write(c Config) error {
	data, err := json.Marshal(ix)
	if err != nil {
		return err
	}
	return renameio.WriteFile(filepath.Join(c.Dir, indexName), append(data, '\n'), 0o644, renameio.WithTempDir(c.Dir))
}

// Count gives the number of packages of each kind.
func (ix *Index) Count() (dkms, moduleAssistant int) {
	for _, m := range ix.Modules {
		for _, p := range m.Packages {
			if p.Kind == DKMS {
				dkms++
			} else {
				moduleAssistant++
			}
		}
	}
	return dkms, moduleAssistant
}
