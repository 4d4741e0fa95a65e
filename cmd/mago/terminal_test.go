package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
	"unicode/utf8"

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

// display is the part of a terminal that mago uses: the cursor to the margin and up, all below it cleared, and lines not broken. It
// keeps what scrolls away, but the cursor goes no further up than the terminal is high.
type display struct {
	columns, height int
	lines           [][]rune
	line, column    int
	unbroken        bool
}

func newDisplay(columns int) *display {
	return &display{columns: columns, height: usualLines, lines: make([][]rune, 1)}
}

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

var sequence = regexp.MustCompile(`^\x1b\[(\??\d*)([A-Za-z])`)

func (d *display) show(text string) {
	for text != "" {
		if m := sequence.FindStringSubmatch(text); m != nil {
			d.command(m[1], m[2])
			text = text[len(m[0]):]
			continue
		}
		r, size := utf8.DecodeRuneInString(text)
		d.put(r)
		text = text[size:]
	}
}

func (d *display) command(number, letter string) {
	switch number + letter {
	case "J", "K":
		if letter == "J" && d.column == 0 {
			panic("tmux keeps what is cleared so")
		} else if letter == "J" {
			d.lines = d.lines[:d.line+1]
		}
		line := &d.lines[d.line]
		*line = (*line)[:min(d.column, len(*line))]
	case "?7l", "?7h":
		d.unbroken = letter == "l"
	default:
		n, err := strconv.Atoi(number)
		if err != nil || letter != "A" {
			panic("a sequence that mago does not use: " + number + letter)
		}
		d.line = max(d.line-n, len(d.lines)-d.height, 0)
	}
}

func (d *display) newLine() {
	if d.line++; d.line == len(d.lines) {
		d.lines = append(d.lines, nil)
	}
}

func (d *display) put(r rune) {
	switch {
	case r == '\r':
		d.column = 0
		return
	case r == '\n':
		d.newLine()
		return
	case d.column == d.columns && d.unbroken:
		d.column--
	case d.column == d.columns:
		d.lines[d.line] = append(d.lines[d.line], '⏎')
		d.newLine()
		d.column = 0
	}
	line := &d.lines[d.line]
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
	d.show("one\r\ntwo\r\x1b[Kfünf5\r\nsechs6\r\n\x1b[?7lsieben7\x1b[?7h\r\x1b[1A \x1b[J\r\x1b[K9")
	if got := strings.Split(d.String(), "\n"); !slices.Equal(got, []string{"one", "fünf5", "sechs⏎", "9", ""}) {
		t.Errorf("got %q", got)
	}
}

func TestLinesAboveTheLiveOne(t *testing.T) {
	var drawn strings.Builder
	l := newLiveLines(&drawn, func() []string { return []string{"waiting  1 s", "and 1 more"} })
	if _, err := l.Write([]byte("above\n")); err != nil {
		t.Fatal(err)
	}
	l.end()
	if _, err := l.Write([]byte("behind\n")); err != nil {
		t.Fatal(err)
	}
	d := newDisplay(80)
	d.show(strings.ReplaceAll(drawn.String(), "\n", "\r\n"))
	if got := d.String(); got != "above\nbehind\n" || !strings.Contains(strings.ReplaceAll(drawn.String(), "\x1b[?7h", ""), "waiting  1 s\nand 1 more\r\x1b[1A") {
		t.Errorf("got %q of %q", got, drawn.String())
	}
}
