package lock

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gofrs/flock"
)

var hello = Thing{Name: "hello_6.1", What: "hello for 6.1", Doing: "built"}

func locksIn(dir string, limit time.Duration) Locks {
	return Locks{Dir: dir, Limit: limit, Me: Holder{Command: "mago a-i hello", User: "root"}}
}

func take(t *testing.T, l Locks, things ...Thing) func() {
	t.Helper()
	release, err := l.Take(t.Context(), things...)
	if err != nil {
		t.Fatal(err)
	}
	return release
}

func TestASecondOneIsTurnedAway(t *testing.T) {
	l := locksIn(filepath.Join(t.TempDir(), "made"), AtOnce)
	release := take(t, l, hello)
	_, err := l.Take(t.Context(), Thing{Name: "aaa"}, hello)
	var busy *BusyError
	if !errors.As(err, &busy) || busy.Holder == nil || busy.Holder.PID != os.Getpid() {
		t.Fatalf("err = %v", err)
	}
	want := " (mago a-i hello, by root), since " + busy.Holder.Since.Local().Format(time.TimeOnly)
	if text := err.Error(); !strings.HasPrefix(text, "hello for 6.1 is being built by process ") || !strings.HasSuffix(text, want) {
		t.Errorf("message %q", text)
	}
	take(t, l, Thing{Name: "aaa"})() // not kept by the Take that failed
	release()
	take(t, l, hello)()
	if text, err := os.ReadFile(filepath.Join(l.Dir, "hello_6.1.lock")); err != nil || len(text) > 0 {
		t.Errorf("after the release the note is %q, %v", text, err)
	}
}

func TestReadersGoSideBySide(t *testing.T) {
	l := locksIn(t.TempDir(), AtOnce)
	read := Thing{Name: hello.Name, What: hello.What, Doing: "read", Shared: true}
	first, second := take(t, l, read), take(t, l, read)
	if _, err := l.Take(t.Context(), hello); err == nil {
		t.Error("a writer beside readers")
	}
	first()
	if _, err := l.Take(t.Context(), hello); err == nil {
		t.Error("a writer beside a reader")
	}
	second()
	defer take(t, l, read, hello, read)() // all the same thing: the strictest counts
	if _, err := l.Take(t.Context(), read); err == nil {
		t.Error("a reader beside a writer")
	}
}

func TestWaiting(t *testing.T) {
	l := locksIn(t.TempDir(), 0)
	release := take(t, l, hello)
	var told []string
	waiting := l
	waiting.Waiting = func(busy *BusyError) {
		if busy == nil {
			told = append(told, "over")
			return
		}
		told = append(told, busy.What)
		release()
	}
	take(t, waiting, hello)()
	if got := strings.Join(told, ", "); got != "hello for 6.1, over" {
		t.Errorf("told: %s", got)
	}
}

func TestWaitingEnds(t *testing.T) {
	l := locksIn(t.TempDir(), 0)
	defer take(t, l, hello)()
	ctx, cancel := context.WithCancel(t.Context())
	l.Waiting = func(*BusyError) { cancel() }
	if _, err := l.Take(ctx, hello); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	l = locksIn(l.Dir, time.Nanosecond)
	var busy *BusyError
	if _, err := l.Take(t.Context(), hello); !errors.As(err, &busy) {
		t.Errorf("at its limit: %v", err)
	}
}

// Processes that want the same things, named in whatever order, get them one after the other.
func TestNoDeadlock(t *testing.T) {
	l := locksIn(t.TempDir(), 0)
	a, b := Thing{Name: "a"}, Thing{Name: "b", Shared: true}
	done := make(chan error, 2)
	for _, things := range [][]Thing{{a, b}, {{Name: "b"}, {Name: "a", Shared: true}}} {
		go func() {
			for range 20 {
				release, err := l.Take(t.Context(), things...)
				if err != nil {
					done <- err
					return
				}
				release()
			}
			done <- nil
		}()
	}
	for range 2 {
		select {
		case err := <-done:
			if err != nil {
				t.Error(err)
			}
		case <-time.After(time.Minute):
			t.Fatal("they wait for each other")
		}
	}
}

// Parts of one process wait for each other, also where another process would be turned away.
func TestWithinAProcess(t *testing.T) {
	l := locksIn(t.TempDir(), AtOnce)
	l.Own = new(Process)
	read := hello
	read.Shared = true
	first, second := take(t, l, read), take(t, l, read)
	entered := make(chan error)
	go func() {
		release, err := l.Take(t.Context(), hello)
		if err == nil {
			defer release()
		}
		entered <- err
	}()
	first()
	select {
	case err := <-entered:
		t.Fatalf("beside a reader of the same process: %v", err)
	default:
	}
	second()
	if err := <-entered; err != nil {
		t.Errorf("after it: %v", err)
	}
	defer take(t, l, hello)()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := l.Take(ctx, hello); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

// TestAKilledHolder has a process die with the lock: the lock is free, and its note counts for nothing.
func TestAKilledHolder(t *testing.T) {
	l := locksIn(t.TempDir(), AtOnce)
	path := filepath.Join(l.Dir, hello.Name+".lock")
	if os.Getenv("LOCK_AND_DIE") != "" {
		l.Dir = os.Getenv("LOCK_AND_DIE")
		take(t, l, hello)
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
	}
	cmd := exec.Command(os.Args[0], "-test.run=TestAKilledHolder")
	cmd.Env = append(os.Environ(), "LOCK_AND_DIE="+l.Dir)
	if err := cmd.Run(); err == nil {
		t.Fatal("it lives")
	}
	if text, _ := os.ReadFile(path); !strings.Contains(string(text), "mago a-i hello") {
		t.Fatalf("no note was left: %q", text)
	}
	var busy *BusyError
	other := flock.New(path)
	if ok, err := other.TryLock(); !ok || err != nil {
		t.Fatalf("the lock is held by the dead: %v", err)
	}
	if _, err := l.Take(t.Context(), hello); !errors.As(err, &busy) || err.Error() != "hello for 6.1 is in use by another process" {
		t.Errorf("a stale note is believed: %v", err)
	}
	if err := other.Close(); err != nil {
		t.Error(err)
	}
	take(t, l, hello)()
}

func TestHolder(t *testing.T) {
	me := (&Holder{Command: "mago", User: "root"}).note("built")
	me.PID, me.Since = 7, time.Date(2024, 5, 6, 7, 8, 9, 0, time.Local)
	far, boxed := *me, *me
	far.Host, boxed.Space = "not-this-machine", "pid:[1]"
	for _, c := range []struct {
		holder *Holder
		want   string
	}{
		{me, "process 7 (mago, by root), since 2024-05-06 07:08:09"},
		{&far, "process 7 on not-this-machine (mago, by root), since 2024-05-06 07:08:09"},
		{&boxed, "process 7 of another container (mago, by root), since 2024-05-06 07:08:09"},
	} {
		if got := c.holder.String(); got != c.want {
			t.Errorf("got %q, want %q", got, c.want)
		}
	}
}

// In a directory of somebody else's a note, or what stands in its place, may be anything.
func TestForeignNotes(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.lock")
	for text, want := range map[string]string{"": "", "process 1": "", `{"PID":-1}`: "", `{"PID":1,"Host":"x","Command":"\u001b[2J"}`: "\ufffd[2J"} {
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		got := ""
		if h := readHolder(path); h != nil {
			got = h.Command
		}
		if got != want {
			t.Errorf("%q: command %q", text, got)
		}
	}
	if err := os.Symlink(path, filepath.Join(filepath.Dir(path), "y.lock")); err != nil {
		t.Fatal(err)
	}
	if _, err := locksIn(filepath.Dir(path), AtOnce).Take(t.Context(), Thing{Name: "y", What: "y"}); err == nil {
		t.Error("a link is followed")
	}
}

func TestWhoWasInterruptedTakesNothing(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	l := locksIn(filepath.Join(t.TempDir(), "made"), 0)
	if _, err := l.Take(ctx, hello); !errors.Is(err, context.Canceled) {
		t.Errorf("a free lock: err = %v", err)
	}
	if _, err := os.Stat(l.Dir); err == nil {
		t.Error("it made the locks' directory")
	}
}
