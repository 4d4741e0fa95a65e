package kbuild

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

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

// bothRecipes are hello by its dkms.conf, whose MAKE does not begin with the word make, and by its Makefile.
func bothRecipes(t *testing.T, files tree) map[string]string {
	t.Helper()
	if files["hello.c"] == "" {
		files["hello.c"] = located
	}
	conf := maps.Clone(files)
	conf["dkms.conf"] = named + "MAKE='(make -q hello.c; make all KDIR=$kernel_source_dir)'\n"
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

// TestJobsDoNotShow: how many tokens there are shows in no module, not even in one that has make's flags in it.
func TestJobsDoNotShow(t *testing.T) {
	makefile := "obj-m := hello.o\n" +
		"all:\n\t@echo '#define FLAGS \"$(MAKEFLAGS)\"' >flags.h\n\t$(MAKE) -C $(KDIR) M=$(PWD) CONFIG_FLAGS=y modules\n"
	code := "#include \"flags.h\"\n" + strings.Replace(located, "__FILE__", "FLAGS", 1)
	for by, source := range bothRecipes(t, tree{"Makefile": makefile, "hello.c": code}) {
		var first []byte
		for _, n := range []int{1, 8} {
			b := newBench(t)
			b.enter(t, jobs.NewPool(n))
			text, err := os.ReadFile(b.mustBuild(t, source).Modules[0].File)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Contains(text, []byte("-j2 --jobserver-auth=")) {
				t.Errorf("%s: the module does not have make's flags in it", by)
			}
			if first != nil && !bytes.Equal(first, text) {
				t.Errorf("%s: another number of jobs gives other bytes", by)
			}
			first = text
		}
	}
}

// crimes are what a source may do to its jobserver, whose pipe is $in and $out; $other is another build's.
var crimes = map[string]string{
	"keeps all":         `timeout 9 dd bs=1 count=2 <"$in" >/dev/null 2>&1`,
	"invents":           `timeout 5 head -c 100000 /dev/zero >"$out"`,
	"writes one more":   `printf ++++ >"$out"`,
	"closes":            `exec 50<&- 51>&-; rm -f ../../../_jobs`,
	"replaces":          `exec 50</dev/zero 51>/dev/full; rm -f ../../../_jobs; mkfifo ../../../_jobs || true`,
	"leaves a process":  `timeout 9 dd bs=1 count=1 <"$in" >/dev/null 2>&1; setsid sleep 1000 >/dev/null 2>&1 </dev/null & disown`,
	"dies":              `timeout 9 dd bs=1 count=2 <"$in" >/dev/null 2>&1; kill -9 $PPID`,
	"takes another's":   `timeout 1 dd bs=1 count=9 <"$other" >/dev/null 2>&1`,
	"gives another one": `timeout 1 dd if=/dev/zero bs=1 count=9 of="$other" conv=notrunc 2>/dev/null`,
}

// TestJobserverCrimes: whatever a source does to its jobserver, the others have what they had, and all of it when it has ended.
func TestJobserverCrimes(t *testing.T) {
	for _, kind := range []sandbox.Kind{sandbox.Bubblewrap, sandbox.Namespaces, sandbox.User} {
		t.Run(string(kind), func(t *testing.T) {
			b := newBench(t).in(t, kind)
			for name, crime := range crimes {
				t.Run(name, func(t *testing.T) { b.commit(t, crime) })
			}
		})
	}
}

func (b *bench) commit(t *testing.T, crime string) {
	pool := jobs.NewPool(4)
	other := otherBuild(t, b, pool)
	b.enter(t, pool)
	b.log.Reset()
	script := "#!/bin/bash\nother=" + strings.TrimPrefix(other, strings.TrimSuffix(b.root, "/")) + "\nauth=${MAKEFLAGS##*--jobserver-auth=}; auth=${auth%% *}\n" +
		"case $auth in fifo:*) in=${auth#fifo:} out=$in ;; *) in=/dev/fd/50 out=/dev/fd/51 ;; esac\n" + crime + "\necho crime: $?\nexit 1\n"
	source := with(t, tree{"dkms.conf": named + "MAKE='make'\n", "Makefile": "all:\n\t+bash ./crime\n", "crime": script})
	before := lying(t, other)
	if _, err := b.build(t, source); err == nil {
		t.Error("nothing was built, and the build succeeded")
	}
	if now := lying(t, other); now != before && strings.Contains(crime, "$other") {
		t.Errorf("%d tokens lie in the other's pipe, %d did", now, before)
	}
	b.client.Leave()
	if n := lying(t, other); n != 3 {
		t.Errorf("%d tokens of 4 came to the other\n%s", n+1, b.log.String())
	}
}

// otherBuild has entered a pool, and takes its tokens from a path that lies open as far as rights go.
func otherBuild(t *testing.T, b *bench, pool *jobs.Pool) (path string) {
	t.Helper()
	client, err := pool.Enter(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Leave)
	path = filepath.Join(b.work(t), "_jobs")
	if err := errors.Join(unix.Mkfifo(path, 0o600), os.Chmod(path, 0o666)); err != nil {
		t.Fatal(err)
	}
	fifo, err := unix.Open(path, unix.O_RDWR|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err == nil {
		err = client.MoveTo(fifo)
	}
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// lying counts the tokens that a build can take.
func lying(t *testing.T, path string) int {
	t.Helper()
	fifo, err := unix.Open(path, unix.O_RDONLY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fifo)
	n, err := unix.IoctlGetInt(fifo, unix.TIOCINQ)
	if err != nil {
		t.Fatal(err)
	}
	return n
}
