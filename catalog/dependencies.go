package catalog

import (
	"bytes"
	"context"
	"fmt"

	"mago/debpkg/control"
	"mago/debpkg/word"
)

// Dependencies gives the Depends of packages as apt's candidates have them, by name. A package that apt does not know is left out.
func Dependencies(ctx context.Context, c Config, names ...word.Package) (map[string]string, error) {
	depends := map[string]string{}
	err := c.show(ctx, names, func(s *control.Scanner) { depends[string(s.Field("Package"))] = string(s.Field("Depends")) })
	return depends, err
}

// Binary is a package as apt could fetch it.
type Binary struct {
	Name         word.Package
	Version      word.Version
	Architecture word.Architecture
	Depends      string
	SHA256       string // of its .deb, in hexadecimal

	Unauthenticated bool // as in Package
}

// Binaries gives packages as apt's candidates have them, by name. One that apt does not know, or cannot fetch, is left out.
func Binaries(ctx context.Context, c Config, names ...word.Package) (map[word.Package]Binary, error) {
	all := map[word.Package]Binary{}
	err := c.show(ctx, names, func(s *control.Scanner) {
		b := Binary{Depends: string(s.Field("Depends")), SHA256: string(s.Field("SHA256"))}
		var err1, err2, err3 error
		b.Name, err1 = word.ParsePackage(string(s.Field("Package")))
		b.Version, err2 = word.ParseVersion(string(s.Field("Version")))
		b.Architecture, err3 = word.ParseArchitecture(string(s.Field("Architecture")))
		if err1 == nil && err2 == nil && err3 == nil && b.SHA256 != "" {
			all[b.Name] = b
		}
	})
	if err != nil {
		return nil, err
	}
	return all, c.doubt(ctx, all)
}

// show has apt show the candidates of packages.
func (c Config) show(ctx context.Context, names []word.Package, each func(*control.Scanner)) error {
	if len(names) == 0 {
		return nil
	}
	argv := append([]string{"apt-cache", "show", "--no-all-versions", "-o", "APT::Cmd::Pattern-Only=true", "--"}, word.Strings(names...)...)
	output, err := c.output(ctx, argv...)
	if err != nil {
		return fmt.Errorf("ask apt what packages depend on: %w", err)
	}
	s := control.NewScanner(bytes.NewReader(output), "apt-cache show")
	for s.Scan() {
		each(s)
	}
	return s.Err()
}
