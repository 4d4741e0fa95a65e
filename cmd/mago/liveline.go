package main

import (
	"io"
	"sync"
	"time"
)

// liveLine is a line on a terminal that is drawn anew while something lasts. The cursor stays at its margin, and each time
// the terminal may have echoed something there that was typed.
type liveLine struct {
	terminal io.Writer
	text     func() string
	lock     sync.Mutex
	ended    chan struct{}
	drawn    sync.WaitGroup
}

// clearLine takes away the line that the cursor is in, from its margin on.
const clearLine = "\r\x1b[K"

// redrawn is how often a live line is drawn.
const redrawn = 100 * time.Millisecond

// newLiveLine draws what text gives, which is narrower than the terminal, until end is called.
func newLiveLine(terminal io.Writer, text func() string) *liveLine {
	l := &liveLine{terminal: terminal, text: text, ended: make(chan struct{})}
	l.print("")
	l.drawn.Go(l.redraw)
	return l
}

func (l *liveLine) redraw() {
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

// print writes whole lines above the live one.
func (l *liveLine) print(above string) {
	l.lock.Lock()
	defer l.lock.Unlock()
	line := l.text() + "\r"
	select {
	case <-l.ended:
		line = ""
	default:
	}
	_, _ = io.WriteString(l.terminal, clearLine+above+line) // a terminal that has gone ends mago by a signal
}

// Write is print for whoever wants a writer, which it may be for longer than the line is there.
func (l *liveLine) Write(lines []byte) (int, error) {
	l.print(string(lines))
	return len(lines), nil
}

// end takes the line away. It is called once.
func (l *liveLine) end() {
	close(l.ended)
	l.drawn.Wait()
	l.print("")
}
