package apt

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"mago/debpkg/rooted"
)

// failingDpkg is a dpkg that leaves packages in some state when it fails to install, and does all else.
type failingDpkg struct {
	root   string
	states map[string]string // package to "state version" or "state flag version" after each call; "" has it gone
	remove map[string]string // what changes with the first call that is not the installation
	ran    []string
}

func (d *failingDpkg) run(cmd *exec.Cmd) error {
	d.ran = append(d.ran, strings.Join(cmd.Args[1:], " "))
	if len(d.ran) > 1 {
		for name, state := range d.remove {
			d.states[name] = state
		}
	}
	text := statusFile
	for name, state := range d.states {
		words := strings.Fields(state)
		flag := "ok"
		if len(words) == 3 {
			flag, words = words[1], []string{words[0], words[2]}
		}
		if len(words) == 2 {
			text += fmt.Sprintf("\nPackage: %s\nStatus: install %s %s\nArchitecture: amd64\nVersion: %s\n", name, flag, words[0], words[1])
		}
	}
	if err := os.WriteFile(filepath.Join(d.root, "var/lib/dpkg/status"), []byte(text), 0o644); err != nil || len(d.ran) > 1 {
		return err
	}
	fmt.Fprintln(cmd.Stderr, "dpkg: error processing package two")
	return exec.Command("sh", "-c", "exit 1").Run()
}

// TestUndo: after an installation that failed dpkg has nothing that is not done, and nothing was forced.
func TestUndo(t *testing.T) {
	const version = "1:2.0-3+6.1.55-1"
	for _, test := range []struct {
		name   string
		before map[string]string // versions
		after  map[string]string // states when dpkg has failed
		undone map[string]string // states after what mago does
		ran    []string
		left   []Left
	}{
		{"both are new", nil, map[string]string{"one": "installed " + version, "two": "half-configured " + version}, map[string]string{"one": "", "two": ""},
			[]string{"--remove -- one two", "--purge -- one two"}, nil},
		{"one is new, and the other goes back", map[string]string{"one": "1.0"}, map[string]string{"one": "unpacked " + version, "two": "unpacked " + version},
			map[string]string{"one": "installed 1.0", "two": ""}, []string{"-i --force-confdef,confold -- /one_1.0.deb", "--remove -- two", "--purge -- two"}, nil},
		{"the same version again", map[string]string{"one": version, "two": "1.0"}, map[string]string{"one": "installed " + version, "two": "half-configured " + version},
			map[string]string{"two": "installed 1.0"}, []string{"-i --force-confdef,confold -- /two_1.0.deb"}, nil},
		{"one that cannot be removed", nil, map[string]string{"two": "half-installed " + version}, nil, []string{"--remove -- two", "--purge -- two"},
			[]Left{{Package: "two", Deb: "/two_2.0-3+6.1.55-1_amd64.deb"}}},
		{"the second is refused, and the first is done", nil, map[string]string{"one": "installed " + version}, map[string]string{"one": ""},
			[]string{"--remove -- one", "--purge -- one"}, nil},
		{"the second is refused, and the first is newer", map[string]string{"one": "1.0"}, map[string]string{"one": "installed " + version}, map[string]string{"one": "installed 1.0"},
			[]string{"-i --force-confdef,confold -- /one_1.0.deb"}, nil},
		{"both are done, and something else fails", nil, map[string]string{"one": "installed " + version, "two": "installed " + version}, nil, nil, nil},
		{"one that has to be installed again", nil, map[string]string{"two": "half-installed reinstreq " + version}, nil, []string{"--remove -- two", "--purge -- two"},
			[]Left{{Package: "two", Broken: true, Deb: "/two_2.0-3+6.1.55-1_amd64.deb"}}},
		{"the earlier one has to be installed again", map[string]string{"two": "1.0"}, map[string]string{"two": "half-installed reinstreq " + version}, nil,
			[]string{"-i --force-confdef,confold -- /two_1.0.deb"}, []Left{{Package: "two", Broken: true, Deb: "/two_1.0.deb"}}},
		{"what came along", nil, map[string]string{"two": "unpacked " + version, "more": "half-configured 3"}, map[string]string{"two": ""},
			[]string{"--remove -- two", "--purge -- two"}, []Left{{Package: "more", Brought: true}}},
		{"only what came along", nil, map[string]string{"more": "half-configured 3"}, nil, []string{}, []Left{{Package: "more", Brought: true}}},
		{"dpkg has refused before it began", map[string]string{"one": "1.0"}, map[string]string{"one": "installed 1.0"}, nil, nil, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newFakeSystem(t, nil)
			for name, version := range test.before {
				if err := s.has(name, version); err != nil {
					t.Fatal(err)
				}
			}
			d := &failingDpkg{root: s.root, states: test.after, remove: test.undone}
			in := &Installer{Root: rooted.Root(s.root), Run: d.run, Previous: func(name, version string) []string {
				return []string{filepath.Join(s.root, name+"_"+version+".deb")}
			}}
			err := in.Install(context.Background(), s.deb(t, "one", ""), s.deb(t, "two", ""))
			var tool *ToolError
			var undone *UndoneError
			if !errors.As(err, &tool) || errors.As(err, &undone) != (test.ran != nil) || undone != nil && !slices.Equal(undone.Left, test.left) {
				t.Errorf("err = %v", err)
			}
			if !slices.Equal(d.ran[1:], test.ran) {
				t.Errorf("ran %q, want %q", d.ran[1:], test.ran)
			}
		})
	}
}

// TestUndoOfSets: of several sets only what dpkg has not installed whole is undone.
func TestUndoOfSets(t *testing.T) {
	const version = "1:2.0-3+6.1.55-1"
	for name, test := range map[string]struct {
		after map[string]string
		ran   []string
	}{
		"one set fails": {map[string]string{"one": "installed " + version, "two": "half-configured " + version, "common": "installed " + version}, []string{"--remove -- two", "--purge -- two"}},
		"both fail": {map[string]string{"one": "unpacked " + version, "two": "unpacked " + version, "common": "installed " + version},
			[]string{"--remove -- one common two", "--purge -- one common two"}},
	} {
		t.Run(name, func(t *testing.T) {
			s := newFakeSystem(t, nil)
			d := &failingDpkg{root: s.root, states: test.after}
			in := &Installer{Root: rooted.Root(s.root), Run: d.run}
			one, two, common := s.deb(t, "one", ""), s.deb(t, "two", ""), s.deb(t, "common", "")
			if err := in.InstallEach(t.Context(), []string{one, common}, []string{two, common}); !errors.As(err, new(*UndoneError)) {
				t.Errorf("err = %v", err)
			}
			if want := "-i --force-confdef,confold -- /one_2.0-3+6.1.55-1_amd64.deb /common_2.0-3+6.1.55-1_amd64.deb /two_2.0-3+6.1.55-1_amd64.deb"; d.ran[0] != want {
				t.Errorf("ran %q first", d.ran[0])
			}
			if !slices.Equal(d.ran[1:], test.ran) {
				t.Errorf("ran %q, want %q", d.ran[1:], test.ran)
			}
		})
	}
}
