package engine

import (
	"slices"

	"mago/cmd/mago/internal/store"
)

// otherSignatures is what a build has that was signed anew since it was installed.
const otherSignatures = "what is built has other signatures than what is installed"

// isSignedSince reports whether a build is signed and of the version that is installed, and mago has installed another one.
func isSignedSince(r store.Record, installed string) bool {
	return r.Signed != nil && r.Current != "" && r.Version == installed && !r.IsInstalled(installed)
}

// changedSignature says why a-i would install a unit again for its signatures alone, "" where it would not: what is built has others than
// what is installed of it, or is to get others.
func (sv *surveyor) changedSignature(r store.Record, k kernelState, installed string) string {
	switch {
	case r.Module == "":
		return ""
	case isSignedSince(r, installed):
		return otherSignatures
	case !r.IsInstalled(installed) || k.version == "":
		return ""
	}
	whole, ok := sv.store.Get(r.ID())
	if !ok || whole.Format < store.Keyed {
		return ""
	}
	now, err := sv.signs.inputs(r.Module, whole)
	if err != nil { // which key status tells
		return ""
	}
	return changed(now, slices.DeleteFunc(slices.Clone(whole.Inputs), func(in store.Input) bool { return in.Role != asSignature }))
}
