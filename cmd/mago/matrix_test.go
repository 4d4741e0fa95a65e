package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"mago/cmd/mago/internal/engine"
	"mago/debpkg/visible"
)

// board is a screen on a terminal of that size, and a way to see what it shows after it is closed.
func board(t *testing.T, columns, rows int) (r *render, shown func() string) {
	keyboard, terminal, err := openTerminal()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { keyboard.Close() })
	t.Setenv("LC_ALL", cmp.Or(os.Getenv("LC_ALL"), "C.UTF-8"))
	resize(t, keyboard, columns, rows)
	r = newRender(newScreen(newStream("standard output", terminal, nil), options{}), terminal)
	d := newDisplay(columns)
	d.height = rows
	read := make(chan error)
	go func() { read <- d.read(keyboard) }()
	return r, func() string {
		terminal.Close()
		if err := <-read; err != nil {
			t.Error(err)
		}
		return d.String()
	}
}

func resize(t *testing.T, keyboard *os.File, columns, rows int) {
	if err := unix.IoctlSetWinsize(int(keyboard.Fd()), unix.TIOCSWINSZ, &unix.Winsize{Row: uint16(rows), Col: uint16(columns)}); err != nil {
		t.Fatal(err)
	}
}

// of makes an event of a unit.
func of(module, kernel string, e engine.Event) engine.Event {
	e.Unit = &engine.UnitID{Module: module, Kernel: kernel}
	return e
}

// atWork are units that build.
func atWork(n int) *matrix {
	m := &matrix{}
	m.progress(engine.Event{Kind: engine.Whole, Done: 7, Units: 7 + n, Left: 240})
	for i := range n {
		id := fmt.Sprintf("module%d", i)
		m.step(of(id, "6.1.0-56-amd64", engine.Event{Kind: engine.Begin, Phase: "build"}))
		m.step(of(id, "6.1.0-56-amd64", engine.Event{Kind: engine.Progress, Phase: "build", Files: 100 + i, OfFiles: 980}))
	}
	return m
}

// TestMatrixLines: on whatever terminal, the live lines have room, and the last one is of the whole; what has no room is counted.
func TestMatrixLines(t *testing.T) {
	for _, c := range []struct {
		n, width, height int
		want             []string
	}{
		{2, 80, 24, []string{"module0 6.1.0-56-amd64  100 of 980 files  0 s", "module1 6.1.0-56-amd64  101 of 980 files  0 s", "7 of 9, 2 running, about 4 min left"}},
		{2, 44, 24, []string{"module0 6.1.0-56-amd64  100 of 980 files", "module1 6.1.0-56-amd64  101 of 980 files", "7 of 9, 2 running, about 4 min left"}},
		{1, 40, 24, []string{"module0 6.1.0-56-amd64  100/980", "7 of 8, 1 running, about 4 min left"}},
		{1, 24, 24, []string{"module…6-amd64  100/980", "7 of 8, 1 running, abo…"}},
		{9, 80, 5, []string{"module0 6.1.0-56-amd64  100 of 980 files  0 s", "module1 6.1.0-56-amd64  101 of 980 files  0 s", "and 7 more", "7 of 16, 9 running, about 4 min left"}},
		{3, 80, 3, []string{"and 3 more", "7 of 10, 3 running, about 4 min left"}},
		{3, 80, 2, []string{"7 of 10, 3 running, about 4 min left"}},
		{3, 80, 1, []string{"7 of 10, 3 running, about 4 min left"}},
	} {
		if got := atWork(c.n).lines(c.width, c.height, nil); !slices.Equal(got, c.want) {
			t.Errorf("%d units on %d×%d: %q", c.n, c.width, c.height, got)
		}
	}
	for width := 1; width < 100; width++ {
		for height := 1; height < 12; height++ {
			lines := atWork(9).lines(width, height, nil)
			if len(lines) > max(height-1, 1) {
				t.Errorf("%d lines on %d", len(lines), height)
			}
			for _, line := range lines {
				if visible.Width(line) >= max(width, 2) {
					t.Errorf("%q on %d columns", line, width)
				}
			}
		}
	}
}

func TestTimeLeft(t *testing.T) {
	for seconds, want := range map[float64]string{
		-11: "longer than estimated", -3: "a few seconds left", 9: "a few seconds left", 11: "about 20 s left", 54: "about 60 s left", 61: "about 1 min left", 200: "about 3 min left", 3570: "about 1 h 0 min left", 8000: "about 2 h 13 min left",
	} {
		if got := timeLeft(seconds); got != want {
			t.Errorf("%v s: %q, want %q", seconds, got, want)
		}
	}
	m := atWork(1)
	m.left = 0
	if got := m.whole(); got != "7 of 8, 1 running" {
		t.Errorf("without records: %q", got)
	}
	m.left, m.told = 240, time.Now().Add(-100*time.Second)
	if got := m.whole(); got != "7 of 8, 1 running, about 2 min left" {
		t.Errorf("later: %q", got)
	}
}

// runMatrix has a screen show a run of three units: one is built, one fails, and what is told of a module is told once.
func runMatrix(r *render, meanwhile func()) {
	r.event(engine.Event{Kind: engine.Whole, Units: 3})
	for i, kernel := range []string{"6.1.0-55-amd64", "6.1.0-56-amd64"} {
		step := int64(i + 1)
		r.event(of("zfs", kernel, engine.Event{Kind: engine.Note, Phase: "needs", Text: "zfs is compiled against spl"}))
		r.event(of("zfs", kernel, engine.Event{Kind: engine.Begin, Phase: "build", Text: kernel, Step: step}))
		r.event(of("zfs", kernel, engine.Event{Kind: engine.Progress, Phase: "build", Text: kernel + ": 3 files", Step: step, Files: 3, OfFiles: 9}))
	}
	meanwhile()
	r.event(of("zfs", "6.1.0-55-amd64", engine.Event{Kind: engine.End, Phase: "build", Text: "6.1.0-55-amd64: 1 module", Step: 1}))
	r.event(of("zfs", "6.1.0-55-amd64", engine.Event{Kind: engine.Finished, State: engine.ResultBuilt, Seconds: 81}))
	r.event(engine.Event{Kind: engine.Whole, Done: 1, Units: 3})
	meanwhile()
	r.event(of("zfs", "6.1.0-56-amd64", engine.Event{Kind: engine.Finished, State: engine.ResultFailed, Err: errors.New("build zfs for 6.1.0-56-amd64: a.c:1: error: no \x1b[2J such thing")}))
	r.event(engine.Event{Kind: engine.Whole, Done: 2, Units: 3})
	r.event(of("jool", "6.1.0-56-amd64", engine.Event{Kind: engine.Note, Phase: "package", Text: "jool is there: nothing to build", State: engine.ResultThere}))
	r.event(of("jool", "6.1.0-56-amd64", engine.Event{Kind: engine.Finished, State: engine.ResultThere}))
	r.event(engine.Event{Kind: engine.Whole, Done: 3, Units: 3})
}

const matrixTold = `needs    zfs is compiled against spl
built    zfs 6.1.0-55-amd64                                               81.0 s
failed   zfs 6.1.0-56-amd64: a.c:1: error: no ` + "\ufffd" + `[2J such thing
`

// TestMatrixOnTerminal: on a terminal, which may change its size, only whole lines stay.
func TestMatrixOnTerminal(t *testing.T) {
	r, shown := board(t, 80, 24)
	drawn := 0
	runMatrix(r, func() {
		drawn++
		for _, size := range [][2]int{{40, 24}, {200, 3}, {80, 24}} {
			resize(t, r.screen.out.terminal, size[0], size[1])
			r.screen.drawn.print("")
		}
	})
	if got := shown(); got != matrixTold || drawn != 2 || r.screen.drawn != nil {
		t.Errorf("the terminal shows\n%s", got)
	}
}

// TestMatrixInPlainLines: where no terminal shows it, with -t, and where the terminal is none, there is a line a result and no
// control character.
func TestMatrixInPlainLines(t *testing.T) {
	for name, plain := range map[string]func(*options){
		"a pipe": func(*options) {},
		"-t":     func(o *options) { o.TextMode = true },
		"dumb":   func(*options) { t.Setenv("TERM", "dumb") },
	} {
		t.Run(name, func(t *testing.T) {
			var o options
			plain(&o)
			read, write, err := os.Pipe()
			if err != nil {
				t.Fatal(err)
			}
			out := newStream("standard output", write, nil)
			if name != "a pipe" {
				out.terminal = write
			}
			runMatrix(newRender(newScreen(out, o), out), func() {})
			write.Close()
			if text, err := io.ReadAll(read); string(text) != matrixTold || err != nil {
				t.Errorf("got %q, %v", text, err)
			}
		})
	}
}

// TestMatrixQuiet: nothing is told before the causes.
func TestMatrixQuiet(t *testing.T) {
	var out strings.Builder
	runMatrix(newRender(newScreen(newStream("standard output", &out, nil), options{Quiet: true}), &out), func() {})
	if out.Len() > 0 {
		t.Errorf("told %q", out.String())
	}
}
