package recipe

import (
	"context"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"

	"mago/kbuild/sandbox"
)

// workspaceIn is one that has built what lies in a tree.
func workspaceIn(t *testing.T, tree string) *Workspace {
	t.Helper()
	files, err := os.OpenRoot(tree)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { files.Close() })
	return &Workspace{files: files}
}

func wantError(t *testing.T, err error, want string) {
	t.Helper()
	var recipe *Error
	if !errors.As(err, &recipe) || !strings.Contains(err.Error(), want) {
		t.Errorf("got %v, want %q", err, want)
	}
}

// TestFindModulesForever: what a build leaves for mago to look at takes no longer than the build may.
func TestFindModulesForever(t *testing.T) {
	w := workspaceIn(t, tree{"build/" + strings.Repeat("d/", sandbox.MaxDepth+1) + "a.ko": ""}.write(t, t.TempDir()))
	_, err := w.in("build").findModules(t.Context())
	wantError(t, err, "256 levels")
	large := tree{"build/a.ko": "", "build/sub/a.ko": ""}.write(t, t.TempDir())
	for _, file := range []string{"/build/a.ko", "/build/sub/a.ko"} {
		if err := os.Truncate(large+file, maxFile+1); err != nil {
			t.Fatal(err)
		}
	}
	w = workspaceIn(t, large)
	if _, err := w.in("build").findModules(t.Context()); err == nil || !strings.Contains(err.Error(), "bytes") {
		t.Errorf("got %v", err)
	}
	ended, end := context.WithCancelCause(t.Context())
	end(errTooLong)
	if _, err := w.in("build").findModules(ended); !errors.Is(err, errTooLong) {
		t.Errorf("got %v", err)
	}
}

func TestFindModules(t *testing.T) {
	work := tree{
		"hello/1/build/b.ko": "", "hello/1/build/sub/a.ko": "", "hello/1/build/c.ko": "-> /etc/passwd",
		"hello/1/build/d.ko/": "", "hello/1/build/e.o": "", "hello/1/other.ko": "",
	}.write(t, t.TempDir())
	got, err := workspaceIn(t, work).in("hello/1/build").findModules(t.Context())
	want := []Built{{File: "hello/1/build/b.ko", Dest: "b", Strip: true}, {File: "hello/1/build/sub/a.ko", Dest: "a", Strip: true}}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("got %+v, %v, want %+v", got, err, want)
	}
}

func TestFindModulesTwice(t *testing.T) {
	work := tree{"build/a.ko": "one", "build/b.ko": "copy", "build/sub/a.ko": "another", "build/sub/b.ko": "copy"}.write(t, t.TempDir())
	_, err := workspaceIn(t, work).in("build").findModules(t.Context())
	var recipe *Error
	if !errors.As(err, &recipe) || !strings.Contains(err.Error(), "two modules named a: build/a.ko and build/sub/a.ko") {
		t.Errorf("got %v", err)
	}
}

// TestFindModulesCompressed: a compressed module beside the plain one counts for nothing, whatever it holds.
func TestFindModulesCompressed(t *testing.T) {
	work := tree{"build/a.ko": "one", "build/a.ko.xz": "other", "build/sub/a.ko.gz": "other"}.write(t, t.TempDir())
	got, err := workspaceIn(t, work).in("build").findModules(t.Context())
	if want := []Built{{File: "build/a.ko", Dest: "a", Strip: true}}; err != nil || !slices.Equal(got, want) {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestOtherDirs(t *testing.T) {
	source := tree{"a/Makefile": "obj-m := a.o\n", "b/Kbuild": "\uFEFFobj-$(X) := b.o\n", "tools/Makefile": "all:\n", "Makefile": "all:\n"}.write(t, t.TempDir())
	w := &Workspace{Job: Job{Source: Source{Dir: source}}}
	if got, want := w.otherDirs(), " Those in a, b do: name these directories"; got != want {
		t.Errorf("got %q", got)
	}
	w.Job.Source.Dir = tree{"tools/Makefile": "all:\n"}.write(t, t.TempDir())
	if got := w.otherDirs(); got != "" {
		t.Errorf("got %q", got)
	}
}

func TestFindModulesName(t *testing.T) {
	for file, want := range map[string]string{"\x1b[2J.ko": `"\x1b[2J"`, ".ko": `""`, "-a.ko": `"-a"`} {
		work := tree{"build/" + file: ""}.write(t, t.TempDir())
		_, err := workspaceIn(t, work).in("build").findModules(t.Context())
		wantError(t, err, "module name "+want)
	}
}

func TestDirectoryName(t *testing.T) {
	for name, want := range map[string]string{
		"hello": "hello", "1:2.0-1~bpo": "1_2.0-1~bpo", "a b%c": "a_b_c", "../../etc": "etc", "..": "0", "": "0", "_conf": "conf", "#x#": "x_",
	} {
		if got := directoryName(name); got != want {
			t.Errorf("%q becomes %q, want %q", name, got, want)
		}
	}
}

func TestSplitDir(t *testing.T) {
	for dir, want := range map[string][2]string{
		"/usr/src/hello-1.0": {"hello", "1.0"}, "/usr/src/jool-dkms-4.1.9": {"jool-dkms", "4.1.9"}, "/home/me/hello": {"hello", ""}, "/-x": {"-x", ""},
	} {
		if name, version := splitDir(dir); name != want[0] || version != want[1] {
			t.Errorf("%s: got %q %q", dir, name, version)
		}
	}
}

func TestNumbered(t *testing.T) {
	for version, want := range map[string]string{"1.0": "1.0", "1:2.0-1~bpo+1": "1:2.0-1~bpo+1", "v1": "", "": "", "1/..": "", "1 2": "", "1\x1b[2J": "", "1$x": ""} {
		if got := numbered(version); got != want {
			t.Errorf("%q: got %q", version, got)
		}
	}
}

func TestRecipe(t *testing.T) {
	for name, test := range map[string]struct {
		files tree
		want  string
	}{
		"dkms.conf first":        {tree{"dkms.conf": "", "Makefile": "", "Kbuild": ""}, "dkms.conf"},
		"Kbuild":                 {tree{"Kbuild": ""}, "Kbuild"},
		"Makefile":               {tree{"Makefile": "", "debian/rules": ""}, "Kbuild"},
		"ordinary rules":         {tree{"debian/rules": "%:\n\tdh $@\n"}, "debian/rules: it has none of module-assistant's targets"},
		"module-assistant":       {tree{"debian/rules": "binary-modules:\n", "Makefile": "", "Kbuild": ""}, "debian/rules"},
		"rules beside dkms.conf": {tree{"debian/rules": "binary-modules:\n", "dkms.conf": ""}, "dkms.conf"},
		"rules, a link out":      {tree{"debian/rules": "-> /proc/version"}, "debian/rules: it is a link out of the source, to /proc/version: put"},
		"dkms.conf, a link out":  {tree{"dkms.conf": "-> /proc/version", "Makefile": ""}, "dkms.conf: it is a link out of the source, to /proc/version: put"},
		"Kbuild, a link inside":  {tree{"Kbuild": "-> real", "real": ""}, "Kbuild"},
		"dkms.conf, a directory": {tree{"dkms.conf/": ""}, "source: no dkms.conf, Kbuild or Makefile in"},
		"kbuild reads none else": {tree{"GNUmakefile": "", "makefile": ""}, "source: no dkms.conf, Kbuild or Makefile in"},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := Of(Source{Dir: test.files.write(t, t.TempDir())})
			var recipe *Error
			switch {
			case err == nil && r.Name() == test.want:
			case errors.As(err, &recipe) && strings.HasPrefix(err.Error(), test.want):
			default:
				t.Errorf("got %v, %v", r, err)
			}
		})
	}
}
