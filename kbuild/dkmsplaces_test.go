package kbuild

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"mago/kbuild/recipe"
	"mago/kbuild/sandbox"
)

// asksEverywhere is a dkms.conf that wants to know of a file beside it, by every name that dkms has for the place.
const asksEverywhere = named + `
places=("$(dirname "${BASH_SOURCE[0]}")" "$dkms_tree/$module/$module_version/source" "$source_tree/$module-$module_version" . "$PWD")
for place in "${places[@]}"; do PATCH+=("$(cat "$place/sub/word")"); done
PATCH+=("$("$dkms_tree/hello/1.0/source/tell" 2>&1)")
source sub/set
`

var asked = tree{"dkms.conf": asksEverywhere, "sub/word": "beside", "sub/set": "STRIP=no\n", "tell": "#!/bin/sh\ncat \"${0%/*}/sub/word\"\n"}

// TestConfSeesItsSource: whatever the sandbox, a dkms.conf reads and runs what lies beside it, of a source that everybody may
// read and of one that is closed to the build user.
func TestConfSeesItsSource(t *testing.T) {
	t.Parallel()
	for _, kind := range []sandbox.Kind{sandbox.Bubblewrap, sandbox.Namespaces, sandbox.User} {
		for mode, conf := range map[os.FileMode]string{0o755: asked["dkms.conf"], 0o700: asked["dkms.conf"], 0o711: strings.ReplaceAll("\ufeff"+asked["dkms.conf"], "\n", "\r\n")} {
			t.Run(string(kind)+" "+mode.String(), func(t *testing.T) {
				b := newBench(t).in(t, kind)
				source := asked.write(t, filepath.Join(t.TempDir(), "other"))
				tree{"dkms.conf": conf}.write(t, source)
				if err := os.Chmod(filepath.Join(source, "tell"), 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.Chmod(source, mode); err != nil {
					t.Fatal(err)
				}
				c, err := recipe.Evaluate(t.Context(), b.builder().Host, b.job(t, source))
				if err != nil {
					t.Fatal(err)
				}
				patches, err := c.Patches()
				if got := strings.Join(patches, " "); err != nil || got != "beside beside beside beside beside beside" {
					t.Errorf("got %q, %v; it says %s", got, err, c.Said)
				}
				if c.Value("STRIP") != "no" {
					t.Errorf("the file beside it was not read; it says %s", c.Said)
				}
			})
		}
	}
}

// TestConfAtFixedPlaces: where something can be shown at any path, dkms's own paths lead to the source, too.
func TestConfAtFixedPlaces(t *testing.T) {
	b := newBench(t)
	conf := named + "for place in /usr/src/hello-1.0 /var/lib/dkms/hello/1.0/source; do PATCH+=(\"$(cat $place/word)\"); done\n"
	c, err := recipe.Evaluate(t.Context(), b.builder().Host, b.job(t, with(t, tree{"dkms.conf": conf, "word": "beside"})))
	if err != nil {
		t.Fatal(err)
	}
	if patches, _ := c.Patches(); strings.Join(patches, " ") != "beside beside" {
		t.Errorf("got %q; it says %s", patches, c.Said)
	}
}

// TestConfWrites: what a dkms.conf writes beside it, it reads; neither the source nor the build has it.
func TestConfWrites(t *testing.T) {
	t.Parallel()
	for _, kind := range []sandbox.Kind{sandbox.Bubblewrap, sandbox.Namespaces, sandbox.User} {
		t.Run(string(kind), func(t *testing.T) {
			b := newBench(t).in(t, kind)
			conf := named + "cd \"${BASH_SOURCE[0]%/*}\" && [ ! -e list ] && echo STRIP=no >list && . ./list\n" +
				"MAKE=\"test ! -e list && make -C \\$kernel_source_dir M=\\$dkms_tree/hello/1.0/build\"\n"
			source := with(t, tree{"dkms.conf": conf})
			job := b.job(t, source)
			c, err := recipe.Evaluate(t.Context(), b.builder().Host, job)
			if err != nil || c.Value("STRIP") != "no" {
				t.Fatalf("got %+v, %v", c, err)
			}
			if _, err := os.Stat(filepath.Join(source, "list")); err == nil {
				t.Error("the source has it")
			}
			job.Conf, job.Work = c, b.work(t)
			if _, err := b.builder().Build(t.Context(), job); err != nil {
				t.Errorf("%v\n%s", err, b.log.String())
			}
		})
	}
}

// TestConfBesideMake: a directive finds what the file has read beside it, and the source where the file has found it.
func TestConfBesideMake(t *testing.T) {
	t.Parallel()
	for _, kind := range []sandbox.Kind{sandbox.Bubblewrap, sandbox.Namespaces, sandbox.User} {
		t.Run(string(kind), func(t *testing.T) {
			b := newBench(t).in(t, kind)
			conf := named + "options=$(cat \"${BASH_SOURCE[0]%/*}/options\")\n" +
				"MAKE='test \"$options\" = -g && test -e '$source_tree/hello-1.0/options' && make -C $kernel_source_dir M=$dkms_tree/hello/1.0/build'\n"
			if _, err := b.build(t, with(t, tree{"dkms.conf": strings.ReplaceAll(conf, "\n", "\r\n"), "options": "-g\n"})); err != nil {
				t.Errorf("%v\n%s", err, b.log.String())
			}
		})
	}
}

// TestConfSeesNeeded: a dkms.conf finds the sources and the modules of those that its own is compiled against.
func TestConfSeesNeeded(t *testing.T) {
	for _, kind := range []sandbox.Kind{sandbox.Bubblewrap, sandbox.Namespaces} {
		t.Run(string(kind), func(t *testing.T) {
			b := newBench(t).in(t, kind)
			conf := named + "for place in /usr/src /var/lib/dkms; do PATCH+=(\"$(find $place/offers* -name word | wc -l)\"); done\n"
			job := b.job(t, with(t, tree{"dkms.conf": conf}))
			job.Needed = []recipe.Needed{{
				Module: "offering", Name: "offers", Version: "1",
				Source: recipe.Source{Dir: tree{"word": ""}.write(t, t.TempDir())}, Modules: tree{"word": ""}.write(t, t.TempDir()),
			}}
			c, err := recipe.Evaluate(t.Context(), b.builder().Host, job)
			if err != nil {
				t.Fatal(err)
			}
			if patches, _ := c.Patches(); strings.Join(patches, " ") != "1 2" {
				t.Errorf("got %q; it says %s", patches, c.Said)
			}
		})
	}
}
