package apt

import (
	"errors"
	"io/fs"
	"path"
	"strings"

	"mago/debpkg/rooted"
)

// Files are the paths that an installed package has on the system under root, by dpkg's own list; nil where dpkg has none.
func (p Installed) Files(root rooted.Root) ([]string, error) {
	var text []byte
	var err error
	for _, name := range []string{p.Package + ".list", p.Package + ":" + p.Architecture + ".list"} {
		text, err = root.ReadFile(path.Join("/var/lib/dpkg/info", name))
		if !errors.Is(err, fs.ErrNotExist) {
			break
		}
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case err != nil:
		return nil, err
	}
	return strings.Split(strings.TrimSuffix(string(text), "\n"), "\n"), nil
}
