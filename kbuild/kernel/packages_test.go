package kernel

import (
	"maps"
	"slices"
	"strings"
	"testing"
)

// installed are packages by their names, with their versions; one without is none.
func installed(versions map[string]string) func(string) []Package {
	return func(string) (all []Package) {
		for _, name := range slices.Sorted(maps.Keys(versions)) {
			if versions[name] != "" {
				all = append(all, Package{name, versions[name]})
			}
		}
		return all
	}
}

// TestFindOwner: headers are the package's that has their directory, or the link that leads to it, whatever it is called.
func TestFindOwner(t *testing.T) {
	const info, dir = "var/lib/dpkg/info/", "/usr/src/linux-headers-" + release
	link := "/lib/modules/" + release + "/build"
	for name, test := range map[string]struct {
		lists tree
		want  string
	}{
		"named otherwise":     {tree{info + "pve-headers-x.list": "/usr\n" + dir + "\n"}, "pve-headers-x"},
		"the link alone":      {tree{info + "own.list": "/lib\n" + link + "\n"}, "own"},
		"a link of Debian 13": {tree{info + "own.list": "/usr" + link + "\n"}, "own"},
		"a link elsewhere":    {tree{info + "own.list": link + "\n", "usr/lib/modules/" + release + "/build": "-> /usr/src/other", info + "linux-headers-" + release + ".list": "/\n"}, ""},
		"other files":         {tree{info + "own.list": dir + "/Makefile\n", info + "linux-headers-" + release + ".list": "/usr/share/doc\n"}, ""},
		"no lists":            {tree{}, "linux-headers-" + release},
	} {
		root := bookworm(test.lists).write(t, t.TempDir())
		f := Finder{Root: root, Packages: installed(map[string]string{"own": "1", "pve-headers-x": "1", "linux-headers-" + release: "1"})}
		if k, err := f.Find(release); err != nil || k.Package != test.want {
			t.Errorf("%s: got %q, %v, want %q", name, k.Package, err, test.want)
		}
	}
}

// TestOwnerOfOtherHeaders: what somebody has made himself is no package's, though there is one for the release.
func TestOwnerOfOtherHeaders(t *testing.T) {
	files := bookworm(tree{"home/me/linux": "-> /usr/src/copy"})
	for name, content := range bookworm(nil) {
		if file, ok := strings.CutPrefix(name, arch); ok {
			files["usr/src/copy/"+file] = content
		}
	}
	root := files.write(t, t.TempDir())
	f := Finder{Root: root, Dirs: []string{"/home/me/linux"}, Packages: installed(map[string]string{"linux-headers-" + release: "1"})}
	if k, err := f.Find(release); err != nil || k.Package != "" || k.Headers != "/usr/src/copy" {
		t.Errorf("got %q in %s, %v", k.Package, k.Headers, err)
	}
}
