package engine

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"sync"

	"mago/cmd/mago/internal/store"
	"mago/kbuild/dkms"
	"mago/kbuild/kernel"
	"mago/kbuild/recipe"
	"mago/sources"
)

// A unit's basis is a hash over more than its key is over: all that can be told before its dkms.conf is evaluated, and whatever
// that may ask for. A plan of thousands of units that are all there goes by it, and evaluates nothing.

// basis gives it for a unit whose source is open; "" where it is not known.
func (ks *keys) basis(ctx context.Context, u unit) string {
	sum, err := u.Kernel.Hash()
	if err != nil || u.tree == nil {
		return ""
	}
	shared, err := ks.known.bases.of(ks.known.changes.Load(), sharedBasis{u.tree, u.Kernel.Compiler.String()}, func() (string, error) { return ks.shared(ctx, u) })
	if err != nil {
		return ""
	}
	signature, err := ks.signs.inputs(u.name, store.Record{})
	if err != nil {
		return ""
	}
	text := strings.Join([]string{u.name, u.Kernel.Release, u.Kernel.Version, sum, ks.apt.recommendedImage(ctx, u.Kernel), shared}, "\n") // words all
	for _, in := range signature {
		text += "\n" + in.Version + " " + in.SHA256
	}
	hash := sha256.Sum256([]byte(text))
	return hex.EncodeToString(hash[:])
}

// now is what a unit, whose needed modules are as they are to be, would be made of, compared with the record of its build. Where
// their bases are the same nothing is evaluated.
func (ks *keys) now(ctx context.Context, u unit, r store.Record) keyed {
	if r.Basis != "" && isUnchanged(u, ks.basis(ctx, u), r, ks.store.Get) {
		return keyed{key: r.Key}
	}
	return ks.of(ctx, u, r)
}

// basisOf is that of a unit that is about to be built, "" where something else counts as well: another module that a dkms.conf
// wants to be there, a file that it names, the directory of the build. Which module and file these are its evaluation alone tells.
func (ks *keys) basisOf(ctx context.Context, u unit, conf *dkms.Conf, now keyed) string {
	if now.key == "" || conf != nil && (len(conf.BuildDepends()) > 0 || conf.Environment() != "") || slices.ContainsFunc(now.inputs, isWorkDir) {
		return ""
	}
	return ks.basis(ctx, u)
}

// shared is the part of the basis that all kernels of one compiler share.
func (ks *keys) shared(ctx context.Context, u unit) (string, error) {
	settings, err := recipe.SettingsSum(ks.Root)
	if err != nil {
		return "", err
	}
	needs, err := recipe.MostNeeds(u.source())
	if err != nil {
		return "", err
	}
	tools, err := ks.toolsOf(u.target, append(kernel.MostTools(u.Kernel.Compiler.String()), needs...))
	if err != nil {
		return "", err
	}
	options, err := ks.targetOptions(ctx, u)
	hash := sha256.New()
	fmt.Fprintf(hash, "%q %q %q %q %q", u.version, u.sourceDigest(), settings, tools, options)
	return hex.EncodeToString(hash.Sum(nil)), err
}

// sharedBasis is what such a part is for.
type sharedBasis struct {
	tree     *sources.Tree
	compiler string
}

// isUnchanged reports whether a record was made of what a unit would be made of now, as their bases tell, and as lookup has the
// modules that both are compiled against.
func isUnchanged(u unit, basis string, r store.Record, lookup store.Lookup) bool {
	if basis == "" || r.Format < store.Keyed || r.Basis != basis || len(r.Needed) != len(u.needed) {
		return false
	}
	return !slices.ContainsFunc(u.needed, func(n target) bool {
		built, ok := lookup(unit{n, u.Kernel}.id())
		return !ok || n.unbuilt || !slices.ContainsFunc(r.Needed, func(had store.Needed) bool { return had.Module == n.name && had.SHA256 == built.Content() })
	})
}

// while holds what was found out while the system was what it is.
type while[K comparable, V any] struct {
	lock sync.Mutex
	at   int64
	had  map[K]V
}

func (w *while[K, V]) of(now int64, key K, find func() (V, error)) (V, error) {
	w.lock.Lock()
	defer w.lock.Unlock()
	if w.had == nil || w.at != now {
		w.had, w.at = map[K]V{}, now
	}
	value, ok := w.had[key]
	if ok {
		return value, nil
	}
	value, err := find()
	if err == nil {
		w.had[key] = value
	}
	return value, err
}
