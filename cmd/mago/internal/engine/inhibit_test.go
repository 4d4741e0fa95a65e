package engine

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/godbus/dbus/v5"
	"golang.org/x/sys/unix"
)

// loginManager is a system bus with nothing on it but a login manager, which notes what it is asked for.
type loginManager struct {
	deny string // the mode that it refuses
	mute bool   // whether it takes connections and says nothing
	held atomic.Pointer[os.File]
	asks chan []string
}

// serve has the environment name it as the system bus, until the test ends.
func (m *loginManager) serve(t *testing.T) {
	t.Helper()
	socket := filepath.Join(t.TempDir(), "bus")
	l, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	t.Setenv("DBUS_SYSTEM_BUS_ADDRESS", "unix:path="+socket)
	m.asks = make(chan []string, 10)
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			if !m.mute {
				m.talk(conn.(*net.UnixConn))
			}
		}
	}()
}

// talk is the server's side of the D-Bus specification, as far as one client needs it.
func (m *loginManager) talk(conn *net.UnixConn) {
	defer conn.Close()
	in := bufio.NewReader(conn)
	for line := ""; !strings.HasPrefix(line, "BEGIN"); {
		var err error
		if line, err = in.ReadString('\n'); err != nil {
			return
		}
		switch line = strings.TrimPrefix(line, "\x00"); {
		case strings.HasPrefix(line, "AUTH EXTERNAL"):
			io.WriteString(conn, "OK 0123456789abcdef0123456789abcdef\r\n")
		case strings.HasPrefix(line, "AUTH"):
			io.WriteString(conn, "REJECTED EXTERNAL\r\n")
		case strings.HasPrefix(line, "NEGOTIATE_UNIX_FD"):
			io.WriteString(conn, "AGREE_UNIX_FD\r\n")
		}
	}
	for {
		msg, err := dbus.DecodeMessage(in)
		if err != nil {
			return
		}
		m.answer(conn, msg)
	}
}

func (m *loginManager) answer(conn *net.UnixConn, msg *dbus.Message) {
	reply := &dbus.Message{Type: dbus.TypeMethodReply, Headers: map[dbus.HeaderField]dbus.Variant{
		dbus.FieldReplySerial: dbus.MakeVariant(msg.Serial()), dbus.FieldSender: dbus.MakeVariant("org.freedesktop.DBus"),
		dbus.FieldSignature: dbus.MakeVariant(dbus.SignatureOf("")),
	}, Body: []any{":1.1"}}
	var rights []byte
	if msg.Headers[dbus.FieldMember].Value() == "Inhibit" {
		asked := []string{}
		for _, v := range msg.Body {
			asked = append(asked, v.(string))
		}
		if asked[3] == m.deny {
			reply.Type, reply.Body = dbus.TypeError, []any{"not allowed"}
			reply.Headers[dbus.FieldErrorName] = dbus.MakeVariant("org.freedesktop.DBus.Error.AccessDenied")
		} else {
			ours, theirs, _ := os.Pipe()
			m.held.Store(ours)
			defer theirs.Close()
			rights = unix.UnixRights(int(theirs.Fd()))
			reply.Body = []any{dbus.UnixFDIndex(0)}
			reply.Headers[dbus.FieldSignature] = dbus.MakeVariant(dbus.SignatureOf(dbus.UnixFDIndex(0)))
			reply.Headers[dbus.FieldUnixFDs] = dbus.MakeVariant(uint32(1))
		}
		m.asks <- asked
	}
	var buf bytes.Buffer
	if err := reply.EncodeTo(&buf, binary.LittleEndian); err != nil {
		panic(err)
	}
	conn.WriteMsgUnix(buf.Bytes(), rights, nil)
}

// isHeld reports whether the descriptor that was given out is still open somewhere.
func (m *loginManager) isHeld(t *testing.T) bool {
	t.Helper()
	return !m.isReleased(t, 0)
}

// isReleasedAtLast waits, because the descriptor is the bus's as well until the bus has sent it.
func (m *loginManager) isReleasedAtLast(t *testing.T) bool {
	t.Helper()
	const patience = 10_000 // milliseconds; only a failure takes them
	return m.isReleased(t, patience)
}

func (m *loginManager) isReleased(t *testing.T, patience int) bool {
	t.Helper()
	fds := []unix.PollFd{{Fd: int32(m.held.Load().Fd())}} // POLLHUP comes unasked
	if _, err := unix.Poll(fds, patience); err != nil && !errors.Is(err, unix.EINTR) {
		t.Fatal(err)
	}
	return fds[0].Revents&unix.POLLHUP != 0
}

func TestInhibit(t *testing.T) {
	for _, test := range []struct {
		deny, mode string
		asks       int
	}{{"", "block", 1}, {"block", "delay", 2}} {
		m := &loginManager{deny: test.deny}
		m.serve(t)
		release, mode := Inhibit("hello is built")
		if release == nil || mode != test.mode {
			t.Fatalf("refused, or %q, want %q", mode, test.mode)
		}
		for i := range test.asks {
			want := []string{"shutdown:sleep", "mago", "hello is built", []string{"block", "delay"}[i]}
			if got := <-m.asks; !slices.Equal(got, want) {
				t.Errorf("asked for %q, want %q", got, want)
			}
		}
		if !m.isHeld(t) {
			t.Error("not held")
		}
		out, err := exec.Command("sh", "-c", "ls -l /proc/self/fd").Output()
		pipe, linkErr := os.Readlink(fmt.Sprintf("/proc/self/fd/%d", m.held.Load().Fd()))
		if err != nil || linkErr != nil || strings.Contains(string(out), pipe) {
			t.Errorf("a child has it too: %s, %v", out, err)
		}
		release()
		if !m.isReleasedAtLast(t) {
			t.Error("held after the release")
		}
	}
}

// Without a bus, or with one that is refused, dead or dumb, there is nothing to hold, and nothing to wait for.
func TestInhibitWithoutLoginManager(t *testing.T) {
	t.Setenv("DBUS_SYSTEM_BUS_ADDRESS", "unix:path="+filepath.Join(t.TempDir(), "none"))
	if release, _ := Inhibit("x"); release != nil {
		t.Error("held without a bus")
	}
	m := &loginManager{mute: true}
	m.serve(t)
	if release, _ := Inhibit("x"); release != nil {
		t.Error("held by a bus that says nothing")
	}
}

// The lock is there while make runs, once for the build, and again for what dpkg does; a killed mago has none.
func TestInhibitorOfARun(t *testing.T) {
	m := &loginManager{}
	m.serve(t)
	h := &host{Machine: Machine{Inhibit: Inhibit, Run: func(*exec.Cmd) error {
		if !m.isHeld(t) {
			t.Error("not held while dpkg runs")
		}
		return nil
	}}, root: "/", say: newReporter(func(Event) {})}
	if err := h.change(exec.Command("dpkg", "-i", "x.deb")); err != nil || !m.isReleasedAtLast(t) {
		t.Errorf("held after dpkg has run: %v", err)
	}
	h.dryRun = true
	asked := len(m.asks)
	if err := h.change(exec.Command("dpkg", "-i", "x.deb")); err != nil || len(m.asks) != asked {
		t.Errorf("a dry run asked for it: %v", err)
	}
}
