package lock

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"
	"time"

	"mago/debpkg/visible"
)

// BusyError says that another process has the lock.
type BusyError struct {
	What   string
	Holder *Holder // nil where that is not known
}

func (e *BusyError) Error() string {
	if e.Holder == nil {
		return e.What + " is in use by another process"
	}
	return fmt.Sprintf("%s is being %s by %s", e.What, e.Holder.Doing, e.Holder)
}

// Holder is the process that has a lock, as its note in the lock's file says. The note counts only while the lock is held: a
// killed process leaves one behind.
type Holder struct {
	PID     int
	Space   string // its PID namespace; the number means something in there only
	Host    string
	Command string
	User    string
	Doing   string
	Since   time.Time
}

// String names the holder in a message.
func (h *Holder) String() string {
	me := (&Holder{}).note("")
	process := fmt.Sprintf("process %d", h.PID)
	switch {
	case h.Host != me.Host:
		process += " on " + h.Host
	case h.Space != me.Space:
		process += " of another container"
	}
	since := h.Since.Local()
	layout := time.TimeOnly
	if since.Format(time.DateOnly) != me.Since.Local().Format(time.DateOnly) {
		layout = time.DateTime
	}
	return fmt.Sprintf("%s (%s, by %s), since %s", process, h.Command, h.User, since.Format(layout))
}

// note is what a process writes about itself.
func (h Holder) note(doing string) *Holder {
	h.PID, h.Doing, h.Since = os.Getpid(), doing, time.Now().UTC().Truncate(time.Second)
	h.Space, _ = os.Readlink("/proc/self/ns/pid") // "" without /proc, for all there
	h.Host, _ = os.Hostname()
	return &h
}

func (h *Holder) write(path string) error {
	text, err := json.Marshal(h)
	if err != nil {
		return err
	}
	return overwrite(path, append(text, '\n'))
}

// erase removes the note, unless another reader has written its own.
func (h *Holder) erase(path string) {
	if now := readHolder(path); now != nil && now.PID == h.PID && now.Space == h.Space && now.Host == h.Host {
		_ = overwrite(path, nil)
	}
}

// overwrite keeps the file, because the lock is on it.
func overwrite(path string, text []byte) error {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_TRUNC|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0)
	if err != nil {
		return err
	}
	_, err = file.Write(text)
	return errors.Join(err, file.Close())
}

// maxNote is how many bytes of a note are read.
const maxNote = 16 << 10

// readHolder returns nil where there is no note, or the note's process is gone.
func readHolder(path string) *Holder {
	file, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil
	}
	defer file.Close()
	var h Holder
	if json.NewDecoder(io.LimitReader(file, maxNote)).Decode(&h) != nil || h.PID <= 0 || h.gone() {
		return nil
	}
	for _, text := range []*string{&h.Host, &h.Command, &h.User, &h.Doing} {
		*text = visible.Line(*text)
	}
	return &h
}

// gone reports whether the process is known to have ended.
func (h *Holder) gone() bool {
	me := h.note("")
	return h.Host == me.Host && h.Space == me.Space && errors.Is(syscall.Kill(h.PID, 0), syscall.ESRCH)
}
