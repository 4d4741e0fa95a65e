package main

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"
)

// liveLines are the last lines on a terminal, drawn anew while something lasts. The cursor stays at the margin of the first one:
// there it keeps its place where a terminal of another width breaks them anew, and what is typed is echoed there and drawn over.
type liveLines struct {
	terminal io.Writer
	text     func() []string
	lock     sync.Mutex
	ended    chan struct{}
	drawn    sync.WaitGroup
}

// What a terminal is told: to go to the margin and clear all from there on, and not to break lines, or to do it again. All is
// cleared from the second column on, then the line: what goes from the first one of the top line, tmux would keep in its history.
const (
	clearBelow = "\r \x1b[J\r\x1b[K"
	unbroken   = "\x1b[?7l"
	broken     = "\x1b[?7h"
)

// redrawn is how often live lines are drawn.
const redrawn = 100 * time.Millisecond

// newLiveLines draws what text gives, which is narrower and lower than the terminal, until end is called.
func newLiveLines(terminal io.Writer, text func() []string) *liveLines {
	l := &liveLines{terminal: terminal, text: text, ended: make(chan struct{})}
	l.print("")
	l.drawn.Go(l.redraw)
	return l
}

func (l *liveLines) redraw() {
	ticker := time.NewTicker(redrawn)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			l.print("")
		case <-l.ended:
			return
		}
	}
}

// print writes whole lines above the live ones.
func (l *liveLines) print(above string) {
	l.lock.Lock()
	defer l.lock.Unlock()
	drawn := ""
	select {
	case <-l.ended:
	default:
		drawn = inPlace(l.text())
	}
	_, _ = io.WriteString(l.terminal, clearBelow+above+drawn) // a terminal that has gone ends mago by a signal
}

// inPlace draws lines and goes back to where the first one begins.
func inPlace(lines []string) string {
	text := unbroken + strings.Join(lines, "\n") + broken + "\r"
	if len(lines) > 1 {
		text += fmt.Sprintf("\x1b[%dA", len(lines)-1)
	}
	return text
}

// Write is print for whoever wants a writer, which it may be for longer than the lines are there.
func (l *liveLines) Write(lines []byte) (int, error) {
	l.print(string(lines))
	return len(lines), nil
}

// end takes the lines away. It is called once.
func (l *liveLines) end() {
	close(l.ended)
	l.drawn.Wait()
	l.print("")
}
