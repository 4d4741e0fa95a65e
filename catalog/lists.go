package catalog

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"runtime"
	"strings"

	"golang.org/x/sync/errgroup"

	"mago/debpkg/word"
)

// listsDir is where apt keeps its lists.
const listsDir = "/var/lib/apt/lists"

// ErrNoLists says that apt has no lists at all; apt-get update fetches them.
var ErrNoLists = errors.New("apt has no package lists")

// list is one of apt's lists and the module sources in it.
type list struct {
	name  string // in listsDir, with the extension of a compressed one
	found []stanza
	left  LeftOut
}

// readLists reads every list that can hold packages for this machine, in parallel. It includes lists that no source in
// sources.list names, unless they cannot be read: apt skips those when asked for candidates.
func (c Config) readLists(ctx context.Context, native word.Architecture) ([]list, error) {
	names, err := c.listNames(native)
	if err != nil {
		return nil, err
	}
	releases, err := c.readReleases()
	if err != nil {
		return nil, err
	}
	lists, errs := make([]list, len(names)), make([]error, len(names))
	var group errgroup.Group
	group.SetLimit(runtime.GOMAXPROCS(0))
	for i, name := range names {
		group.Go(func() error {
			l, err := c.readList(ctx, path.Join(listsDir, name))
			for j := range l.found {
				l.found[j].signed = releases.sign(name)
			}
			l.name = name
			lists[i], errs[i] = l, err
			return nil
		})
	}
	_ = group.Wait()
	return lists, c.forgive(ctx, lists, errs)
}

// listNames fails with ErrNoLists where there is none.
func (c Config) listNames(native word.Architecture) ([]string, error) {
	entries, err := c.Root.ReadDir(listsDir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	var names []string
	for _, e := range entries {
		if arch, ok := listArchitecture(e.Name()); ok && (arch == native.String() || arch == "all" || arch == "") {
			names = append(names, e.Name())
		}
	}
	if len(names) == 0 {
		return nil, fmt.Errorf("%w in %s", ErrNoLists, listsDir)
	}
	return names, nil
}

// listArchitecture recognises a list of binary packages by its name, which is the list's address with slashes made
// underscores, and returns its architecture, "" for a flat archive's.
func listArchitecture(name string) (arch string, ok bool) {
	address, ok := strings.CutSuffix(uncompressed(name), "_Packages")
	if i := strings.LastIndex(address, "_binary-"); i >= 0 {
		arch = address[i+len("_binary-"):]
	}
	return arch, ok
}

// uncompressed is a list's name without the extension of a compressed one.
func uncompressed(name string) string {
	switch ext := path.Ext(name); ext {
	case ".gz", ".xz", ".lz4", ".zst", ".bz2", ".lzma":
		return strings.TrimSuffix(name, ext)
	}
	return name
}

// architecture asks dpkg for the machine's own.
func (c Config) architecture(ctx context.Context) (word.Architecture, error) {
	out, err := c.output(ctx, "dpkg", "--print-architecture")
	if err != nil {
		return word.Architecture{}, fmt.Errorf("find the native architecture: %w", err)
	}
	arch, err := word.ParseArchitecture(string(bytes.TrimSpace(out)))
	if err != nil {
		return arch, fmt.Errorf("find the native architecture: %w", err)
	}
	return arch, nil
}
