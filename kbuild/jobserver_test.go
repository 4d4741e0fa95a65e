package kbuild

import (
	"fmt"
	"maps"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"mago/kbuild/jobs"
	"mago/kbuild/sandbox"
)

// pairs is a Makefile whose recipes end only if two of them run at once, at every level that make is called from.
const pairs = `obj-m := hello.o
all: meet.here
	$(MAKE) meet.below
	sh -c '$(MAKE) meet.shell'
	$(MAKE) -C $(KDIR) M=$(PWD) CONFIG_PAIRS=y modules
meet.%: one.% other.%
	@echo $* met
one.%: pipe.%
	@echo > pipe.$*
other.%: pipe.%
	@read x < pipe.$*
pipe.%:
	@mkfifo $@
.PRECIOUS: pipe.%
`

// bothRecipes are hello by its dkms.conf and by its Makefile.
func bothRecipes(t *testing.T, files tree) map[string]string {
	t.Helper()
	files["hello.c"] = located
	conf := maps.Clone(files)
	conf["dkms.conf"] = named + "MAKE='make all KDIR=$kernel_source_dir'\n"
	return map[string]string{"dkms.conf": with(t, conf), "Makefile": files.write(t, filepath.Join(t.TempDir(), "hello-1.0"))}
}

// TestMakesShare: makes at every level run as many recipes at once as the build's client has tokens, in every kind of sandbox.
func TestMakesShare(t *testing.T) {
	for _, kind := range []sandbox.Kind{sandbox.Bubblewrap, sandbox.Namespaces, sandbox.User} {
		for by, source := range bothRecipes(t, tree{"Makefile": pairs}) {
			t.Run(fmt.Sprint(kind, " ", by), func(t *testing.T) {
				b := newBench(t).in(t, kind)
				b.enter(t, jobs.NewPool(2))
				b.box.Limits.Time = 60 * time.Second // they wait for ever where they do not meet
				b.mustBuild(t, source)
				if n := strings.Count(b.log.String(), " met\n"); n != 3 || strings.Contains(b.log.String(), "warning: ") {
					t.Errorf("%d of 3 pairs met\n%s", n, b.log.String())
				}
			})
		}
	}
}
