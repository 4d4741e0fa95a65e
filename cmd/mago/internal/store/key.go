package store

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
)

// Input is one thing that went into a build: a source, a module or kernel that it was compiled against, a tool, a setting.
type Input struct {
	Role    string `json:"role"`
	Name    string `json:"name"`
	Version string `json:"version,omitempty"`
	SHA256  string `json:"sha256,omitempty"`
}

// KeyOf is a SHA-256 over a unit and its inputs in any order: builds of one key were made of the same.
func KeyOf(id ID, inputs []Input) string {
	inputs = slices.SortedFunc(slices.Values(inputs), func(a, b Input) int {
		return cmp.Or(cmp.Compare(a.Role, b.Role), cmp.Compare(a.Name, b.Name), cmp.Compare(a.Version, b.Version), cmp.Compare(a.SHA256, b.SHA256))
	})
	hash := sha256.New()
	fmt.Fprintf(hash, "%q %q\n", id.Module, id.Kernel)
	for _, in := range inputs {
		fmt.Fprintf(hash, "%q %q %q %q\n", in.Role, in.Name, in.Version, in.SHA256)
	}
	return hex.EncodeToString(hash.Sum(nil))
}
