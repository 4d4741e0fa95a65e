package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"golang.org/x/sys/unix"
)

// onTerminal runs a program on a terminal of so many columns and writes what that shows in the end, with what has scrolled
// away, to $WORK/screen; where the terminal itself had to break a line that ends with ⏎. With -ctrl-c CALL somebody types
// Ctrl-C once the program whose command line begins so is running; with -type LINE that line is typed ahead.
func onTerminal(ts *testscript.TestScript, _ bool, args []string) {
	call, typed := "", ""
	switch args[0] {
	case "-ctrl-c":
		call, args = args[1], args[2:]
	case "-type":
		typed, args = args[1]+"\n", args[2:]
	}
	columns, err := strconv.Atoi(args[0])
	ts.Check(err)
	keyboard, terminal, err := openTerminal()
	ts.Check(err)
	defer keyboard.Close()
	ts.Check(unix.IoctlSetWinsize(int(keyboard.Fd()), unix.TIOCSWINSZ, &unix.Winsize{Row: 24, Col: uint16(columns)}))
	cmd := exec.Command(findMago(ts), args[2:]...)
	cmd.Dir, cmd.Env = ts.Getenv("WORK"), environmentOf(ts)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = terminal, terminal, terminal
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if call != "" {
		pipe, ours := openPipe(ts, makeFIFO(ts, "begun"))
		defer pipe.Close()
		cmd.Env = append(cmd.Env, "HANG="+call)
		ts.Check(pipe.SetReadDeadline(time.Now().Add(patience)))
		go func() {
			_, _ = pipe.Read(make([]byte, 16))
			ours.Close()
			_, _ = keyboard.Write([]byte{3})
		}()
	}
	_, err = keyboard.WriteString(typed)
	ts.Check(err)
	ts.Check(cmd.Start())
	terminal.Close()
	shown := newDisplay(columns)
	ts.Check(shown.read(keyboard))
	if err := cmd.Wait(); err != nil && call == "" {
		ts.Logf("%v", err)
	}
	ts.Logf("[screen]\n%s", shown)
	ts.Check(os.WriteFile(ts.MkAbs("screen"), []byte(shown.String()), 0o644))
}

// openTerminal makes a pseudo-terminal (pty(7)).
func openTerminal() (keyboard, terminal *os.File, err error) {
	keyboard, err = os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		return nil, nil, err
	}
	number, err := unix.IoctlGetInt(int(keyboard.Fd()), unix.TIOCGPTN)
	if err == nil {
		err = unix.IoctlSetPointerInt(int(keyboard.Fd()), unix.TIOCSPTLCK, 0)
	}
	if err == nil {
		terminal, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|unix.O_NOCTTY, 0)
	}
	if err != nil {
		keyboard.Close()
	}
	return keyboard, terminal, err
}

// display is the part of a terminal that mago uses: the cursor to the margin, and the rest of its line cleared.
type display struct {
	columns int
	lines   [][]rune
	column  int
}

func newDisplay(columns int) *display { return &display{columns: columns, lines: make([][]rune, 1)} }

// read shows all that comes; a terminal that nobody has open any more ends with EIO.
func (d *display) read(keyboard *os.File) error {
	var text []byte
	for buf := make([]byte, 4096); ; {
		n, err := keyboard.Read(buf)
		text = append(text, buf[:n]...)
		if err != nil {
			d.show(string(text))
			if errors.Is(err, syscall.EIO) {
				return nil
			}
			return err
		}
	}
}

func (d *display) show(text string) {
	const clear = "\x1b[K"
	for i, part := range strings.Split(text, clear) {
		if line := d.last(); i > 0 {
			*line = (*line)[:min(d.column, len(*line))]
		}
		for _, r := range part {
			d.put(r)
		}
	}
}

func (d *display) last() *[]rune { return &d.lines[len(d.lines)-1] }

func (d *display) put(r rune) {
	switch {
	case r == '\r':
		d.column = 0
		return
	case r == '\n':
		d.lines = append(d.lines, nil)
		return
	case d.column == d.columns:
		*d.last() = append(*d.last(), '⏎')
		d.lines, d.column = append(d.lines, nil), 0
	}
	line := d.last()
	for len(*line) <= d.column {
		*line = append(*line, ' ')
	}
	(*line)[d.column] = r
	d.column++
}

func (d *display) String() string {
	var text strings.Builder
	for _, line := range d.lines {
		text.WriteString(strings.TrimRight(string(line), " ") + "\n")
	}
	return strings.TrimRight(text.String(), "\n") + "\n"
}

func TestDisplay(t *testing.T) {
	d := newDisplay(5)
	d.show("one\r\ntwo\r\x1b[Kfünf5\r\nsechs6")
	if got := strings.Split(d.String(), "\n"); !slices.Equal(got, []string{"one", "fünf5", "sechs⏎", "6", ""}) {
		t.Errorf("got %q", got)
	}
}

func TestLinesAboveTheLiveOne(t *testing.T) {
	var drawn strings.Builder
	l := newLiveLine(&drawn, func() string { return "waiting  1 s" })
	if _, err := l.Write([]byte("above\n")); err != nil {
		t.Fatal(err)
	}
	l.end()
	if _, err := l.Write([]byte("behind\n")); err != nil {
		t.Fatal(err)
	}
	d := newDisplay(80)
	d.show(strings.ReplaceAll(drawn.String(), "\n", "\r\n"))
	if got := d.String(); got != "above\nbehind\n" || !strings.Contains(drawn.String(), "waiting  1 s\r") {
		t.Errorf("got %q of %q", got, drawn.String())
	}
}
