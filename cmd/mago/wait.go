package main

import (
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/alecthomas/kong"

	"mago/sources/lock"
)

// waitOption is --wait: nothing to wait for long, to wait without end, or at most so long for each thing.
type waitOption struct {
	given bool
	limit time.Duration
}

// IsBool has kong take the option without a value, too.
func (w *waitOption) IsBool() bool { return true }

// Decode is kong's.
func (w *waitOption) Decode(ctx *kong.DecodeContext) error {
	*w = waitOption{given: true}
	if ctx.Scan.Peek().Type != kong.FlagValueToken {
		return nil
	}
	value := fmt.Sprint(ctx.Scan.Pop().Value)
	limit, err := time.ParseDuration(value)
	if err != nil || limit < 0 {
		return fmt.Errorf("%q is not a duration, such as 90s or 10m", value)
	}
	w.limit = limit
	if limit == 0 {
		w.limit = lock.AtOnce
	}
	return nil
}

// forLong is how long to wait for what may take long: a build, an installation.
func (w waitOption) forLong() time.Duration {
	if !w.given {
		return lock.AtOnce
	}
	return w.limit
}

// tellWaiting shows for whom is waited: in a line, but on a terminal in the live one, for whom it is by now. Whoever was waited for may have installed something.
func tellWaiting[E interface {
	error
	comparable
}](say reporter, over func()) func(E) {
	var p *step
	return func(busy E) {
		switch none := *new(E); {
		case busy == none:
			p.end()
			p = nil
			over()
		case p == nil:
			p = say.begin("wait", busy.Error())
		default:
			p.update(busy.Error())
		}
	}
}

// tellFinishing says why a signal does not end mago at once.
func (b *base) tellFinishing(tool string) {
	const why = "to stop dpkg half way would leave packages half installed"
	text := fmt.Sprintf("waiting for %s to end: %s", tool, why)
	b.say.warn(text)
}

// maxCommandLine is, in characters, where others' messages cut this process's command line.
const maxCommandLine = 100

func ownCommand() string {
	line := strings.Join(append([]string{filepath.Base(os.Args[0])}, os.Args[1:]...), " ")
	if utf8.RuneCountInString(line) > maxCommandLine {
		line = string([]rune(line)[:maxCommandLine-1]) + "…"
	}
	return line
}

// userName is who runs this, also through sudo.
func userName() string {
	name := strconv.Itoa(os.Geteuid())
	if u, err := user.Current(); err == nil {
		name = u.Username
	}
	if by := os.Getenv("SUDO_USER"); by != "" && by != name {
		return by + " as " + name
	}
	return name
}
