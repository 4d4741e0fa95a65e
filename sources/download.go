package sources

import (
	"context"
	"path/filepath"

	"mago/catalog"
	"mago/debpkg/apt"
	"mago/debpkg/word"
	"mago/kbuild/deep"
)

// debPath is the path of a package's .deb in the cache, with the name that apt gives it.
func (f *Fetcher) debPath(pkg catalog.Package) string {
	return filepath.Join(f.downloads(), pkg.Name.String()+"_"+quoteVersion(pkg.Version.String())+"_"+pkg.Architecture.String()+".deb")
}

// download returns the path of pkg's verified .deb, and runs apt only where the cache has no good one.
func (f *Fetcher) download(ctx context.Context, pkg catalog.Package) (string, error) {
	deb := apt.Deb{Target: word.Target{Name: pkg.Name, Version: pkg.Version}, SHA256: pkg.SHA256, Unauthenticated: pkg.Unauthenticated}
	final := f.debPath(pkg)
	if !f.Fresh && f.trusts(pkg) && deb.Verify(ctx, final) == nil {
		return final, nil
	}
	temp, err := makeTemp(f.downloads(), pkg.Name.String())
	if err != nil {
		return "", err
	}
	defer deep.Remove(temp)
	apt := apt.Downloader{Root: f.Root, Run: f.Run, Unauthenticated: f.Unauthenticated}
	return final, apt.Fetch(ctx, deb, temp, final)
}
