package recipe

import (
	"io"
	"slices"
	"strings"
	"testing"

	"mago/kbuild/dkms"
	"mago/kbuild/sandbox"
)

// TestFind: a module is where dkms.conf says, or else the one of its name; what cannot be decided is named.
func TestFind(t *testing.T) {
	const named = "dkms.conf: it names sub/a.ko, which the build did not make"
	for name, test := range map[string]struct {
		location string
		made     tree
		want     string // the file, or the error's text
		told     string
	}{
		"there":                  {"sub", tree{"sub/a.ko": "", "other/a.ko": "x"}, "sub/a.ko", ""},
		"dkms's build":           {sandbox.WorkDir + "/hello/1.0/build/sub/", tree{"sub/a.ko": "", "a.ko": "x"}, "sub/a.ko", ""},
		"dkms's source":          {sandbox.WorkDir + "/hello/1.0/source/sub", tree{"sub/a.ko": "", "a.ko": "x"}, "sub/a.ko", ""},
		"the source":             {"/usr/src/hello-1.0/sub", tree{"sub/a.ko": "", "a.ko": "x"}, "sub/a.ko", ""},
		"built in the source":    {"/usr/src/hello-1.0/sub", tree{"../source/sub/a.ko": "", "a.ko": "x"}, "hello/1.0/source/sub/a.ko", ""},
		"the build itself":       {sandbox.WorkDir + "/hello/1.0/build", tree{"a.ko": "", "sub/a.ko": "x"}, "a.ko", ""},
		"another's source":       {"/usr/src/hello-1.01/sub", tree{"usr/src/hello-1.01/sub/a.ko": "", "a.ko": "x"}, "usr/src/hello-1.01/sub/a.ko", ""},
		"a link":                 {"sub", tree{"sub/a.ko": "-> ../b.ko", "b.ko": "", "c/a.ko": "x"}, "b.ko", ""},
		"a whole link":           {"sub", tree{"sub/a.ko": "-> " + sandbox.WorkDir + "/hello/1.0/build/b.ko", "b.ko": "", "c/a.ko": "x"}, "b.ko", ""},
		"a link out":             {"sub", tree{"sub/a.ko": "-> ../../../../../../../etc/passwd"}, named, ""},
		"a link to what is none": {"sub", tree{"sub/a.ko": "-> ../b", "b": ""}, named, ""},
		"elsewhere":              {"sub", tree{"deep/er/a.ko": "", "b.ko": ""}, "deep/er/a.ko", "dkms.conf names sub/a.ko; the build has made deep/er/a.ko, which is taken"},
		"compressed":             {"sub", tree{"sub/a.ko.xz": ""}, "sub/a.ko.xz", ""},
		"compressed elsewhere":   {"sub", tree{"a.ko.zst": ""}, "a.ko.zst", "dkms.conf names sub/a.ko; the build has made a.ko.zst, which is taken"},
		"both elsewhere":         {"sub", tree{"x/a.ko": "", "x/a.ko.gz": "x"}, "x/a.ko", "dkms.conf names sub/a.ko; the build has made x/a.ko, which is taken"},
		"copies elsewhere":       {"sub", tree{"x/a.ko": "same", "y/a.ko": "same"}, "x/a.ko", "dkms.conf names sub/a.ko; the build has made x/a.ko, which is taken"},
		"several":                {"sub", tree{"x/a.ko": "1", "y/a.ko": "2", "b.ko": ""}, named + "; of that name it made x/a.ko, y/a.ko", ""},
		"others":                 {"sub", tree{"b.ko": "", "c/d.ko.xz": "", "a.o": ""}, named + "; it made b.ko, c/d.ko.xz", ""},
		"none":                   {"sub", tree{"a.o": ""}, named, ""},
	} {
		t.Run(name, func(t *testing.T) {
			made := tree{"hello/1.0/build/": ""}
			for file, content := range test.made {
				made["hello/1.0/build/"+file] = content
			}
			w := workspaceIn(t, made.write(t, t.TempDir()))
			w.Log, w.Sandbox.Kind = &Log{to: io.Discard}, sandbox.Bubblewrap
			var told []string
			w.Warning = func(line string) { told = append(told, line) }
			b := &dkmsBuild{steps: w.in("hello/1.0/build"), conf: &dkms.Conf{Name: "hello", Version: "1.0"}}
			file, err := b.find(t.Context(), dkms.Module{Name: "a", Location: test.location})
			got := strings.TrimPrefix(file, "hello/1.0/build/")
			if err != nil {
				got = err.Error()
			}
			if got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
			if want := slices.DeleteFunc([]string{test.told}, func(s string) bool { return s == "" }); !slices.Equal(told, want) {
				t.Errorf("told %q", told)
			}
		})
	}
}

// TestFindEarlier: what is in the source and is not taken is named.
func TestFindEarlier(t *testing.T) {
	w := workspaceIn(t, tree{"hello/1.0/build/": ""}.write(t, t.TempDir()))
	w.earlier.add("old/a.ko")
	b := &dkmsBuild{steps: w.in("hello/1.0/build"), conf: &dkms.Conf{Name: "hello", Version: "1.0"}}
	_, err := b.find(t.Context(), dkms.Module{Name: "a"})
	wantError(t, err, "it names a.ko, which the build did not make; finished modules in the source are somebody's earlier build, and not taken: old/a.ko")
}

func TestIsModule(t *testing.T) {
	for file, want := range map[string]bool{
		"a.ko": true, "s/a.ko.xz": true, "a.ko.gz": true, "a.ko.zst": true, "a.ko.bz2": false, "a.xz": false, "ko.xz": false, "a.ko.bin": false, "a.ko.xz.gz": false, "a.k": false,
	} {
		if isModule(file) != want {
			t.Errorf("%s: not %v", file, want)
		}
	}
}
