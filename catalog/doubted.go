package catalog

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"

	"mago/debpkg/word"
)

// doubt marks the packages that only lists without a checked signature have. apt itself takes an archive that sources.list(5) calls
// trusted for a checked one, so it is asked for the lists alone, and only where there are such.
func (c Config) doubt(ctx context.Context, all map[word.Package]Binary) error {
	unsigned, err := c.unsignedLists()
	if err != nil || len(unsigned) == 0 || len(all) == 0 {
		return err
	}
	names := word.Strings(slices.Collect(maps.Keys(all))...)
	slices.Sort(names)
	output, err := c.output(ctx, append([]string{"apt-cache", "showpkg", "--"}, names...)...)
	if err != nil {
		return fmt.Errorf("ask apt which lists have packages: %w", err)
	}
	for name, versions := range versionsIn(output) {
		if p, err := word.ParsePackage(name); err == nil {
			if b, ok := all[p]; ok {
				b.Unauthenticated = isDoubted(versions[b.Version.String()], unsigned)
				all[p] = b
			}
		}
	}
	return nil
}

// unsignedLists are the names, uncompressed, of apt's lists that no checked signature covers.
func (c Config) unsignedLists() (map[string]bool, error) {
	releases, err := c.readReleases()
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil // apt has no lists yet
	}
	if err != nil {
		return nil, err
	}
	entries, err := c.Root.ReadDir(listsDir)
	unsigned := map[string]bool{}
	for _, e := range entries {
		if _, ok := listArchitecture(e.Name()); ok && !releases.sign(e.Name()) {
			unsigned[uncompressed(e.Name())] = true
		}
	}
	return unsigned, err
}

var listFile = regexp.MustCompile(`\(([^()]*)\)`)

// versionsIn reads apt-cache showpkg: by package and version the files that have it. A version whose contents differ from list to
// list is there more than once.
func versionsIn(output []byte) map[string]map[string][][]string {
	all := map[string]map[string][][]string{}
	name, within := "", false
	for line := range strings.Lines(string(output)) {
		line = strings.TrimSuffix(line, "\n")
		version, files, ok := strings.Cut(line, " (")
		switch {
		case strings.HasPrefix(line, "Package: "):
			name, within = strings.TrimPrefix(line, "Package: "), false
			all[name] = map[string][][]string{}
		case strings.HasPrefix(line, "Versions:"):
			within = true
		case strings.HasPrefix(line, "Reverse Depends:"):
			within = false
		case within && ok && !strings.HasPrefix(line, " "):
			var names []string
			for _, m := range listFile.FindAllStringSubmatch("("+files, -1) {
				names = append(names, path.Base(m[1]))
			}
			all[name][version] = append(all[name][version], names)
		}
	}
	return all
}

// isDoubted reports whether a version, or one of several that are called so, is known from an unsigned list. Where several lists have
// one, apt goes by the first, also for its hash.
func isDoubted(versions [][]string, unsigned map[string]bool) bool {
	return slices.ContainsFunc(versions, func(files []string) bool {
		first := slices.IndexFunc(files, func(file string) bool {
			_, list := listArchitecture(file)
			return list
		})
		return first >= 0 && unsigned[uncompressed(files[first])]
	})
}
