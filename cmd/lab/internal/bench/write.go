package bench

import (
	"os"
	"path/filepath"

	"mago/debpkg"
)

// writePackage writes a package of all the files in a directory, with mago's writer as it is.
func writePackage(from, to string) error {
	entries, err := os.ReadDir(from)
	if err != nil {
		return err
	}
	p := &debpkg.Package{Control: []debpkg.Field{
		{Name: "Package", Value: "large"}, {Name: "Version", Value: "1"}, {Name: "Architecture", Value: "amd64"},
		{Name: "Maintainer", Value: "Nobody <nobody@example.org>"}, {Name: "Description", Value: "90 MB of modules"},
	}}
	for _, entry := range entries {
		file, err := debpkg.OnDisk("/lib/modules/"+entry.Name(), filepath.Join(from, entry.Name()))
		if err != nil {
			return err
		}
		p.Files = append(p.Files, file)
	}
	_, err = debpkg.Write(to, p, debpkg.Options{})
	return err
}
