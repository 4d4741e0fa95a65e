package kbuild

import (
	"bytes"
	"context"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"mago/kbuild/jobs"
	"mago/kbuild/sandbox"
)

// heard tells when something has been said.
type heard struct {
	word string
	said chan struct{}
	once sync.Once
	lock sync.Mutex
	text bytes.Buffer
}

func hear(word string) *heard { return &heard{word: word, said: make(chan struct{})} }

func (h *heard) Write(p []byte) (int, error) {
	h.lock.Lock()
	defer h.lock.Unlock()
	h.text.Write(p)
	if strings.Contains(h.text.String(), h.word) {
		h.once.Do(func() { close(h.said) })
	}
	return len(p), nil
}

func (h *heard) await(t *testing.T) {
	t.Helper()
	select {
	case <-h.said:
	case <-time.After(time.Minute):
		t.Fatalf("never said: %s\n%s", h.word, h.text.String())
	}
}

// beside starts a build in a pool that goes on until it has ended by itself, or the test has.
func (b *bench) beside(t *testing.T, pool *jobs.Pool, log *heard, source string) (Job, <-chan error) {
	t.Helper()
	client, err := pool.Enter(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	job, done := b.job(t, source), make(chan error, 1)
	builder := b.builder()
	builder.Jobs, builder.Log = client, log
	go func() {
		_, err := builder.Build(ctx, job)
		client.Leave()
		done <- err
		close(done)
	}()
	t.Cleanup(func() {
		stop()
		for range done {
		}
	})
	log.await(t)
	return job, done
}

// TestSerialHoldsNobodyUp: while one build does one thing after the other, others use the tokens that it leaves, and end before it.
func TestSerialHoldsNobodyUp(t *testing.T) {
	b := newBench(t)
	pool, log := jobs.NewPool(3), hear("configures\n")
	job, done := b.beside(t, pool, log, with(t, tree{"dkms.conf": named + "PRE_BUILD=configure\nMAKE='make KDIR=$kernel_source_dir'\n",
		"configure+": "#!/bin/sh\nmkfifo gate\necho configures\nread go <gate\n", "Makefile": "obj-m := hello.o\nall:\n\t$(MAKE) -C $(KDIR) M=$(PWD) modules\n"}))
	b.box.Limits.Time = time.Minute // the others' recipes wait for ever where they do not meet
	for range 2 {
		b.enter(t, pool)
		b.mustBuild(t, bothRecipes(t, tree{"Makefile": pairs})["dkms.conf"])
		b.client.Leave()
	}
	select {
	case err := <-done:
		t.Fatalf("it has not waited: %v\n%s", err, log.text.String())
	default:
	}
	openGate(t, job.Work)
	if err := <-done; err != nil {
		t.Errorf("%v\n%s", err, log.text.String())
	}
}

// openGate lets a script go on that waits in a work directory.
func openGate(t *testing.T, work string) {
	t.Helper()
	gate := ""
	_ = filepath.WalkDir(work, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && entry.Name() == "gate" {
			gate = path
		}
		return nil
	})
	if err := os.WriteFile(gate, []byte("go\n"), 0); err != nil {
		t.Fatal(err)
	}
}

// hog takes all that it can within its limits, and none of it by asking for tokens: processors, by many compilers of its own, which the
// scheduler takes for strangers to each other, and by short programs without end, memory and disk; it keeps tokens and invents some.
const hog = `#!/bin/bash
auth=${MAKEFLAGS##*--jobserver-auth=}; auth=${auth%% *}
case $auth in fifo:*) in=${auth#fifo:} out=$in ;; *) in=/dev/fd/50 out=/dev/fd/51 ;; esac
cat <"$in" >/dev/null 2>&1 &
(while :; do printf ++++; done >"$out") 2>/dev/null &
for i in $(seq 64); do setsid bash -c 'while :; do :; done' & done
(while :; do /bin/true & /bin/true & wait; done) &
perl -e '$x = "x" x 100_000_000; $x =~ tr/xy/yx/ while 1' &
(while :; do dd if=/dev/zero of=file bs=1M count=50 2>/dev/null; done) &
sleep 0.1
echo busy
wait
`

// worker is busy without end, too, and asks for tokens as make does.
const worker = "all: $(addprefix job,$(shell seq 10000))\n\t@:\njob1:\n\t@echo busy\njob%:\n\t@i=0; while [ $$i -lt 200000 ]; do i=$$((i+1)); done\n"

// TestHonestBesideHostile: an honest build takes about as long beside a hostile one as beside one that is as busy and honest, where a
// control group bounds builds and where their processors do, and is the same.
func TestHonestBesideHostile(t *testing.T) {
	const most = 4 // times; without bounds it would be some thirty
	honest := with(t, tree{"hello.c": located})
	neighbours := map[string]string{
		"honest":  with(t, tree{"dkms.conf": named + "MAKE='make'\n", "Makefile": worker}),
		"hostile": with(t, tree{"dkms.conf": named + "MAKE='make'\n", "Makefile": "all:\n\t+bash ./hog\n", "hog": hog}),
	}
	for _, kind := range []sandbox.Kind{sandbox.Bubblewrap, sandbox.Namespaces} {
		t.Run(string(kind), func(t *testing.T) {
			b := newBench(t).in(t, kind)
			if kind == sandbox.Namespaces {
				b.box.Held = sandbox.Held{}
			}
			b.box.Limits = sandbox.Limits{Memory: 600 << 20, Processes: 300, Output: 200 << 20, Cores: 2}
			wall, used := map[string]time.Duration{}, map[string]time.Duration{}
			modules := map[string][]byte{}
			for name, source := range neighbours {
				t.Run(name, func(t *testing.T) { wall[name], used[name], modules[name] = b.timeBeside(t, source, honest) })
			}
			t.Logf("%v: wall %v, processor time %v", b.box.Held, wall, used)
			for what, took := range map[string]map[string]time.Duration{"wall": wall, "processor": used} {
				if took["hostile"] > most*took["honest"] {
					t.Errorf("%s time %v beside a hostile build, %v beside an honest one", what, took["hostile"], took["honest"])
				}
			}
			if !bytes.Equal(modules["honest"], modules["hostile"]) {
				t.Error("the module is another")
			}
		})
	}
}

// timeBeside builds something three times beside another build, which is then ended, and gives the medians.
func (b *bench) timeBeside(t *testing.T, neighbour, source string) (wall, used time.Duration, module []byte) {
	pool := jobs.NewPool(2)
	_, done := b.beside(t, pool, hear("busy\n"), neighbour)
	var walls, all []time.Duration
	for range 3 {
		b.enter(t, pool)
		var took time.Duration
		builder := b.builder()
		builder.Run = func(cmd *exec.Cmd) error {
			err := cmd.Run()
			if cmd.ProcessState != nil {
				took += cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
			}
			return err
		}
		begun := time.Now()
		result, err := builder.Build(t.Context(), b.job(t, source))
		if err != nil {
			t.Fatalf("%v\n%s", err, b.log.String())
		}
		walls, all = append(walls, time.Since(begun)), append(all, took)
		b.client.Leave()
		if module, err = os.ReadFile(result.Modules[0].File); err != nil {
			t.Fatal(err)
		}
	}
	select {
	case err := <-done:
		t.Fatalf("the neighbour has ended: %v", err)
	default:
	}
	slices.Sort(walls)
	slices.Sort(all)
	return walls[1], all[1], module
}
