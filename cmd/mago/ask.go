package main

import (
	"bufio"
	"context"
	"io"
	"os"
	"strings"

	"mago/debpkg/visible"
)

// agreed asks whoever sits at mago's terminal whether something is to be done; where nobody does, or nobody says yes, it is not.
// What mago's input is does not matter: nothing is read from a pipe.
func (a *app) agreed(ctx context.Context, what string) bool {
	if a.screen.out.terminal == nil {
		return false
	}
	terminal, err := os.OpenFile("/dev/tty", os.O_RDWR, 0)
	if err != nil {
		return false
	}
	defer terminal.Close()
	question := a.screen.out.wrapped(visible.Line("mago: "+what+"; go on? [y/N]"), errorIndent)
	if _, err := io.WriteString(terminal, question+" "); err != nil {
		return false
	}
	answer := make(chan string, 1)
	go func() {
		line, _ := bufio.NewReader(terminal).ReadString('\n') // without one the answer is no
		answer <- line
	}()
	select {
	case <-ctx.Done():
		return false
	case line := <-answer:
		word := strings.ToLower(strings.TrimSpace(line))
		return word == "y" || word == "yes"
	}
}
