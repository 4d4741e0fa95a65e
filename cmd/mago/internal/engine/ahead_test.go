package engine

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"mago/kbuild/sandbox"
)

// watched are the evaluations of a made matrix's sources.
type watched struct {
	lock sync.Mutex
	ran  int
	now  int // going on
	most int // of them
}

// watch has each evaluation call a function while it goes on, and fail. Nothing can be fetched.
func (m *madeMatrix) watch(during func()) *watched {
	w := &watched{}
	m.runs = func(cmd *exec.Cmd) error {
		if _, _, _, ok := sandbox.Wrapped(cmd); !ok {
			return errors.New("no archive")
		}
		w.count(1)
		defer w.count(-1)
		during()
		return errors.New("bash fails")
	}
	return w
}

func (w *watched) count(n int) {
	w.lock.Lock()
	defer w.lock.Unlock()
	w.ran += max(n, 0)
	w.now += n
	w.most = max(w.most, w.now)
}

// TestAhead: sources are evaluated as many at once as there are tokens, each once for a kernel, and who needs it later finds what
// came of it, the failure, too. One that cannot be opened is tried once, and its units say why.
func TestAhead(t *testing.T) {
	const modules, kernels, tokens = 5, 2, 2
	m := newMadeMatrix(t, modules, kernels)
	if err := os.RemoveAll(filepath.Join(m.root, "usr/src/module4-1.0")); err != nil {
		t.Fatal(err)
	}
	meet, patience := make(chan bool), make(chan bool)
	time.AfterFunc(20*time.Second, func() { close(patience) })
	w := m.watch(func() {
		select {
		case meet <- true:
		case <-meet:
		case <-patience:
		}
	})
	fetched, e := 0, m.engineWith(t, Options{Jobs: tokens})
	e.say = newReporter(func(event Event) {
		if event.Kind == Begin && event.Phase == "source" {
			fetched++
		}
	})
	p, err := e.Plan(t.Context(), Request{Words: []string{"all"}, Goal: Built})
	if err != nil {
		t.Fatal(err)
	}
	for _, u := range p.Units {
		if u.name == "module4" {
			if u.Err == nil || !strings.Contains(u.Err.Error(), "no archive") {
				t.Errorf("%s: %v", u, u.Err)
			}
			continue
		}
		if got := e.confs.evaluate(t.Context(), u.target, u.Kernel); got.err == nil || !strings.Contains(got.err.Error(), "bash fails") {
			t.Errorf("%s: %v", u, got.err)
		}
	}
	if w.ran != (modules-1)*kernels || w.most != tokens || fetched != 1 {
		t.Errorf("%d evaluations, %d at once, %d sources fetched", w.ran, w.most, fetched)
	}
}

// TestAheadSparesWhatIsThere: of what was built nothing is opened or evaluated ahead.
func TestAheadSparesWhatIsThere(t *testing.T) {
	m := newMadeMatrix(t, 2, 2)
	m.build(t, false)
	w := m.watch(func() {})
	if m.plan(t); w.ran > 0 {
		t.Errorf("%d evaluations", w.ran)
	}
}

// TestAheadIsInterrupted: once a run has ended nothing more is evaluated, and what was broken off is nobody's failure.
func TestAheadIsInterrupted(t *testing.T) {
	m := newMadeMatrix(t, 4, 2)
	ctx, interrupt := context.WithCancel(t.Context())
	w := m.watch(interrupt)
	e := m.engineWith(t, Options{Jobs: 1})
	if _, err := e.Plan(ctx, Request{Words: []string{"all"}, Goal: Built}); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	e.known.evaluated.byKey.Range(func(key, how any) bool {
		t.Errorf("%v is kept", how)
		return true
	})
	if w.ran != 1 {
		t.Errorf("%d evaluations", w.ran)
	}
}
