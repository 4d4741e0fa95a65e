package kbuild

import (
	"errors"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"mago/debpkg/visible"
	"mago/kbuild/dkms"
)

// plan reads the plan of a source with one dkms.conf, below a root with overrides.
func plan(t *testing.T, conf string, overrides tree) (*Plan, error) {
	t.Helper()
	root, files := t.TempDir(), tree{}
	for name, text := range overrides {
		files["etc/dkms/"+name] = text
	}
	files.write(t, root)
	dir := tree{"dkms.conf": conf}.write(t, filepath.Join(t.TempDir(), "hello-1.0"))
	k := Kernel{Release: "6.1.0-56-amd64", Arch: "x86_64", Build: "/lib/modules/6.1.0-56-amd64/build"}
	return ReadPlan(t.Context(), root, Source{Name: "hello", Version: "1.0-1", Dir: dir}, k)
}

func TestReadPlan(t *testing.T) {
	got, err := plan(t, "PACKAGE_NAME=hello\nPACKAGE_VERSION='#MODULE_VERSION#'\nBUILT_MODULE_NAME=(a b)\nDEST_MODULE_LOCATION=(/extra /extra)\n"+
		"BUILD_EXCLUSIVE_KERNEL[1]=$'^5\\e'\nBUILD_DEPENDS=base\nPOST_INSTALL=\"run $module_version\"\n", tree{"hello-1.0.conf": "BUILD_DEPENDS[1]=second\r\n"})
	if err != nil {
		t.Fatal(err)
	}
	want := &Plan{
		Modules:      []string{"a"},
		Excluded:     []Excluded{{"b", `BUILD_EXCLUSIVE_KERNEL[1]="^5\x1b" does not match 6.1.0-56-amd64`}},
		Rules:        []string{"BUILD_EXCLUSIVE_KERNEL[1]=^5" + visible.Line("\x1b")},
		BuildDepends: []string{"base", "second"},
		Scripts:      []string{"POST_INSTALL: run 1.0"},
		Warnings:     []string{`PACKAGE_VERSION="#MODULE_VERSION#" is a placeholder; the source's version is 1.0`},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

func TestReadPlanRefuses(t *testing.T) {
	for name, test := range map[string]struct{ conf, want string }{
		"program":        {"PACKAGE_NAME=$(hostname)\n", "dkms.conf: it cannot be read without running it: line 1: it runs hostname"},
		"bad expression": {named + "BUILD_EXCLUSIVE_ARCH='['\n", "dkms.conf: BUILD_EXCLUSIVE_ARCH: "},
		"long":           {strings.Repeat("#", maxConf+1), "dkms.conf: dkms.conf is longer than"},
		"link":           {"-> /etc/passwd", "dkms.conf: openat dkms.conf: "},
	} {
		t.Run(name, func(t *testing.T) {
			p, err := plan(t, test.conf, nil)
			var recipe *RecipeError
			if !errors.As(err, &recipe) || !strings.HasPrefix(err.Error(), test.want) {
				t.Errorf("got %+v, %v, want %q", p, err, test.want)
			}
		})
	}
	var unknown *dkms.StaticError
	if _, err := plan(t, "PACKAGE_NAME=$(hostname)\n", nil); !errors.As(err, &unknown) {
		t.Errorf("got %v", err)
	}
}

func TestReadPlanInPart(t *testing.T) {
	for name, test := range map[string]struct {
		conf string
		want *Plan
	}{
		"rules": {
			"BUILT_MODULE_NAME=a DEST_MODULE_LOCATION=/extra\nif [ -f /x ]; then BUILD_EXCLUSIVE_KERNEL=no; fi\n",
			&Plan{Modules: []string{"a"}, Unread: []string{"line 4: it looks for /x"}, Unknown: []string{"BUILD_EXCLUSIVE_KERNEL"}},
		},
		"names": {
			"BUILT_MODULE_NAME=$(id)\nBUILD_DEPENDS=other\n",
			&Plan{BuildDepends: []string{"other"}, Unread: []string{"line 3: it runs id"}, Unknown: []string{"BUILT_MODULE_NAME"}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := plan(t, named+test.conf, nil)
			if err != nil || !reflect.DeepEqual(got, test.want) {
				t.Errorf("got %+v, %v\nwant %+v", got, err, test.want)
			}
		})
	}
}
