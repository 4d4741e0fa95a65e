package kbuild

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"mago/kbuild/recipe"
	"mago/kbuild/sandbox"
)

// look prints all that a step can see of where it runs.
const look = `#!/bin/sh
seen() { sed "s/^/seen by $step: /"; }
step=$1
env | sort | seen
{ umask; ulimit -n; ulimit -c; test -t 1 || echo no terminal; id -un; uname -rm; date; } 2>&1 | seen
touch "$(mktemp)" && echo temporary files | seen
ls -d /var/lib/dkms/hello/1.0/build/hello.c /var/lib/dkms/hello/1.0/source/hello.c /usr/src/hello-1.0/hello.c 2>/dev/null | seen
exit 0
`

// TestSandboxesShowTheSame has each recipe's steps look around in every kind of sandbox: nothing tells the kinds apart but, where
// nothing can be shown at another path, the paths.
func TestSandboxesShowTheSame(t *testing.T) {
	makefile := "obj-m := hello.o\nccflags-y := -I$(PWD)/inc\nall:\n\t./look make\n\t$(MAKE) -C $(KDIR) M=$(PWD) modules\n"
	files := tree{"look+": look, "hello.c": "#include <said.h>\n" + located, "inc/said.h": "", "Makefile": makefile}
	plain := files.write(t, filepath.Join(t.TempDir(), "hello-1.0"))
	files["dkms.conf"] = named + "PRE_BUILD='look PRE_BUILD'\nMAKE='make KDIR=$kernel_source_dir'\n"
	conf := with(t, files)
	for by, source := range map[string]string{"Makefile": plain, "dkms.conf": conf} {
		var first []string
		var bytes string
		for _, kind := range []sandbox.Kind{sandbox.Bubblewrap, sandbox.Namespaces, sandbox.User} {
			t.Run(by+" "+string(kind), func(t *testing.T) {
				b := newBench(t).in(t, kind)
				job := b.job(t, source)
				job.Source.Name = "hello"
				result, err := b.builder().Build(t.Context(), job)
				if err != nil {
					t.Fatalf("%v\n%s", err, b.log.String())
				}
				text, err := os.ReadFile(result.Modules[0].File)
				if err != nil || bytes != "" && string(text) != bytes {
					t.Errorf("the module has other bytes, %v", err)
				}
				bytes = string(text)
				got := b.seen(job)
				if first == nil {
					first = got
				}
				if want := slices.DeleteFunc(slices.Clone(first), func(line string) bool { return !b.box.Shows() && elsewhere(line) }); !slices.Equal(got, want) {
					t.Errorf("it sees\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
				}
			})
		}
	}
}

// elsewhere tells what a sandbox cannot show where it does not lie.
func elsewhere(line string) bool {
	_, path, ok := strings.Cut(line, ": /")
	return ok && path != ""
}

// seen is what look has printed, with the paths of sandboxes that show the work directory where it should be.
func (b *bench) seen(job Job) []string {
	work := b.box.Path(filepath.Join(job.Work, recipe.Tree))
	var all []string
	for line := range strings.Lines(b.log.String()) {
		line = strings.ReplaceAll(strings.TrimSpace(line), work, sandbox.WorkDir)
		line = strings.ReplaceAll(line, sandbox.WorkDir+"/_tmp", "/tmp")
		if strings.HasPrefix(line, "seen by ") && !strings.Contains(line, ": KCFLAGS=") && !strings.Contains(line, ": KAFLAGS=") {
			all = append(all, line)
		}
	}
	return all
}
