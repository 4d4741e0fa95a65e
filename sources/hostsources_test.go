package sources

import (
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"mago/catalog"
	"mago/debpkg/rooted"
	"mago/debpkg/word"
)

func TestHostDirectoryServesInsteadOfADownload(t *testing.T) {
	root := t.TempDir()
	dir := filepath.Dir(write(t, filepath.Join(root, "usr/src/hello-1.0/dkms.conf"), []byte(dkmsConf)))
	f := &Fetcher{Root: rooted.Root(root), Cache: filepath.Join(root, "cache"), Run: unusable(t).Run, SystemSources: true}
	pkg := helloDKMS(nil)
	want := &Tree{Name: "hello", Version: "1.0-2", Origin: Host, Dir: dir, Package: &pkg, ModTime: undated}
	if tree, err := f.Get(t.Context(), pkg); err != nil || !reflect.DeepEqual(tree, want) {
		t.Errorf("got  %+v, %v\nwant %+v", tree, err, want)
	}

	doc := filepath.Join(root, "usr/share/doc/hello-dkms")
	write(t, filepath.Join(doc, "changelog.Debian.gz"), []byte(gzipped(changelogText)))
	write(t, filepath.Join(root, "usr/share/common/copyright"), nil)
	if err := os.Symlink("/usr/share/common/copyright", filepath.Join(doc, "copyright")); err != nil {
		t.Fatal(err)
	}
	tree, ok := f.Cached(pkg)
	if !ok || tree.ModTime.Month() != time.February || tree.Copyright != filepath.Join(root, "usr/share/common/copyright") {
		t.Errorf("with documentation: %+v, %v", tree, ok)
	}
	if names, _ := os.ReadDir(f.Cache); len(names) > 0 {
		t.Errorf("the cache holds %v", names)
	}
}

func TestHostDirectoryOfAnotherVersionDoesNotServe(t *testing.T) {
	root := t.TempDir()
	write(t, filepath.Join(root, "usr/src/hello-1.0/dkms.conf"), []byte(dkmsConf))
	write(t, filepath.Join(root, "usr/src/empty-1.0/Makefile"), nil)
	write(t, filepath.Join(root, "dkms.conf"), nil)
	for name, change := range map[string]func(f *Fetcher, pkg *catalog.Package){
		"not asked for":              func(f *Fetcher, _ *catalog.Package) { f.SystemSources = false },
		"another upstream version":   func(_ *Fetcher, pkg *catalog.Package) { pkg.Version = ofVersion("1.1-1") },
		"another revision installed": func(_ *Fetcher, pkg *catalog.Package) { pkg.Installed = ofVersion("1.0-1") },
		"another name":               func(_ *Fetcher, pkg *catalog.Package) { pkg.Name = named("world-dkms") },
		"no dkms.conf":               func(_ *Fetcher, pkg *catalog.Package) { pkg.Name = named("empty-dkms") },
	} {
		f, pkg := &Fetcher{Root: rooted.Root(root), Cache: filepath.Join(root, "cache"), SystemSources: true}, helloDKMS(nil)
		if _, ok := f.Cached(pkg); !ok {
			t.Fatal("the unchanged package is not served")
		}
		change(f, &pkg)
		if tree, ok := f.Cached(pkg); ok {
			t.Errorf("%s: %+v", name, tree)
		}
	}
}

func TestHostTarballServesWhenInstalled(t *testing.T) {
	root := t.TempDir()
	content := tarball(t, moduleFiles())
	path := write(t, filepath.Join(root, "usr/src/hello.tar"), content)
	f := &Fetcher{Root: rooted.Root(root), Cache: filepath.Join(root, "cache"), Run: unusable(t).Run, SystemSources: true}
	pkg := helloSource(nil)
	pkg.Installed = pkg.Version
	tree, err := f.Get(t.Context(), pkg)
	if err != nil {
		t.Fatal(err)
	}
	if tree.Origin != Host || tree.Archive != path || tree.SHA256 != hash(content) || filepath.Base(tree.Dir) != "hello" ||
		tree.Name != "hello" || tree.Version != "1.0-2" || tree.ModTime.Month() != time.February {
		t.Errorf("%+v", tree)
	}
	if cached, ok := f.Cached(pkg); !ok || !reflect.DeepEqual(cached, tree) {
		t.Errorf("cached: %+v, %v", cached, ok)
	}

	write(t, path, append(content, make([]byte, 512)...))
	if _, ok := f.Cached(pkg); ok {
		t.Error("a changed tarball counts as cached")
	}
	f.SystemSources = false
	if _, ok := f.Cached(pkg); ok {
		t.Error("the host's tree counts as apt's")
	}
	pkg.SHA256 = ""
	if _, ok := f.Cached(pkg); ok {
		t.Error("the host's tree counts as apt's where apt's lists have no hash")
	}
	f.SystemSources, pkg.Installed = true, word.Version{}
	if path := f.hostTarball(pkg); path != "" {
		t.Errorf("not installed, but %s is to serve", path)
	}
}
