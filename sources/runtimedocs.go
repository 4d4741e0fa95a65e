package sources

import (
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"

	"mago/kbuild/deep"
)

// findDocs lists a package's directory of documents, in its data at dir.
func findDocs(dir, pkg string) (paths []string) {
	root, err := os.OpenRoot(dir) // out of which no link leads
	if err != nil {
		return nil
	}
	defer root.Close()
	top := strings.TrimPrefix(path.Join(docDir, pkg), "/")
	err = fs.WalkDir(root.FS(), top, deep.Bounded(func(name string, e fs.DirEntry, err error) error {
		if err == nil && e.Type().IsRegular() && len(paths) < maxRuntime && isDoc("/"+name, pkg) {
			paths = append(paths, "/"+name)
		}
		return err
	}))
	if err != nil {
		return nil // documents are no reason to fail
	}
	slices.Sort(paths)
	return paths
}

// isDoc reports whether a document is other than the two that each package has of its own.
func isDoc(name, pkg string) bool {
	rest, below := strings.CutPrefix(name, path.Join(docDir, pkg)+"/")
	return below && rest != "copyright" && !strings.HasPrefix(rest, "changelog")
}
