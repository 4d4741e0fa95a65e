package cgroup

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/godbus/dbus/v5"
	"golang.org/x/sys/unix"
)

// patience is how long a manager may take to answer.
const patience = 5 * time.Second

// NewInScope makes a group as an ordinary user: the user's own systemd moves this process into a scope that it may divide. The
// scope ends with its last process.
func NewInScope(l Limits) (*Group, error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	name := prefix + strconv.Itoa(os.Getpid()) + "-" + strconv.FormatUint(rand.Uint64(), 36) + ".scope"
	if err := askForScope(ctx, name); err != nil {
		return nil, err
	}
	scope, err := joined(ctx, name)
	if err != nil {
		return nil, err
	}
	sweepScopes(scope)
	if err := moveAside(scope); err != nil {
		return nil, err
	}
	enable(scope)
	return newGroup(scope, l)
}

// askForScope has the manager start a scope with this process.
func askForScope(ctx context.Context, name string) error {
	socket := filepath.Join("/run/user", strconv.Itoa(os.Getuid()), "systemd/private") // a manager's own, which needs no bus
	conn, err := (&net.Dialer{}).DialContext(ctx, "unix", socket)
	if err != nil {
		return fmt.Errorf("no systemd for user %d: %w", os.Getuid(), err)
	}
	bus, err := dbus.NewConn(conn, dbus.WithContext(ctx))
	if err != nil {
		return errors.Join(err, conn.Close())
	}
	defer bus.Close()
	if err := sameNumbers(conn.(*net.UnixConn)); err != nil {
		return err
	}
	if err := bus.Auth([]dbus.Auth{dbus.AuthExternal(strconv.Itoa(os.Getuid()))}); err != nil {
		return fmt.Errorf("talk to systemd: %w", err)
	}
	manager := bus.Object("org.freedesktop.systemd1", "/org/freedesktop/systemd1")
	start := func(more ...property) error {
		return manager.CallWithContext(ctx, "org.freedesktop.systemd1.Manager.StartTransientUnit", 0,
			name, "fail", append(scopeProperties(), more...), []struct {
				Name       string
				Properties []property
			}{}).Err
	}
	// When the kernel ends a build for its memory, the process that watches it must live on; before systemd 253 it always did.
	if start(property{"OOMPolicy", dbus.MakeVariant("continue")}) == nil {
		return nil
	}
	if err := start(); err != nil {
		return fmt.Errorf("ask systemd for a scope: %w", err)
	}
	return nil
}

// property is a property of a systemd unit in D-Bus's form.
type property struct {
	Name  string
	Value dbus.Variant
}

func scopeProperties() []property {
	return []property{
		{"Description", dbus.MakeVariant("mago builds a kernel module")},
		{"PIDs", dbus.MakeVariant([]uint32{uint32(os.Getpid())})},
		{"Delegate", dbus.MakeVariant(true)},
		{"TasksMax", dbus.MakeVariant(uint64(math.MaxUint64))}, // the group in it has a limit of its own
		{"CollectMode", dbus.MakeVariant("inactive-or-failed")},
	}
}

// joined waits until this process is in the scope, and opens it.
func joined(ctx context.Context, name string) (*os.File, error) {
	for {
		text, err := os.ReadFile("/proc/self/cgroup")
		if err != nil {
			return nil, err
		}
		for line := range strings.Lines(string(text)) {
			if path, ok := strings.CutPrefix(strings.TrimSpace(line), "0::"); ok && filepath.Base(path) == name {
				return openScope(path)
			}
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("await scope %s: %w", name, ctx.Err())
		case <-time.After(time.Millisecond):
		}
	}
}

func openScope(path string) (scope *os.File, err error) {
	err = errors.New("no hierarchy of cgroups version 2")
	hierarchies(func(top *os.File) bool {
		if scope, err = openDir(top, strings.TrimPrefix(path, "/")); err == nil {
			_ = top.Close()
		}
		return err != nil
	})
	return scope, err
}

// moveAside moves this process into a group beside the build's, because a group that holds others may have no processes.
func moveAside(scope *os.File) error {
	const name = "warden"
	if err := unix.Mkdirat(int(scope.Fd()), name, 0o755); err != nil {
		return fmt.Errorf("make cgroup %s: %w", name, err)
	}
	dir, err := openDir(scope, name)
	if err != nil {
		return fmt.Errorf("open cgroup %s: %w", name, err)
	}
	return errors.Join(write(dir, "cgroup.procs", "0"), dir.Close())
}

// sweepScopes sweeps this user's leftover scopes beside this one.
func sweepScopes(scope *os.File) {
	above, err := openDir(scope, "..")
	if err != nil {
		return
	}
	defer above.Close()
	names, _ := above.Readdirnames(-1)
	for _, name := range names {
		if !strings.HasPrefix(name, prefix) || !strings.HasSuffix(name, ".scope") {
			continue
		}
		if left, err := openDir(above, name); err == nil {
			sweep(left)
			_ = left.Close()
		}
	}
}

// sameNumbers checks that systemd is in this PID namespace: in another one it would move the wrong process.
func sameNumbers(conn *net.UnixConn) error {
	raw, err := conn.SyscallConn()
	if err != nil {
		return err
	}
	var peer *unix.Ucred
	failed := raw.Control(func(fd uintptr) { peer, err = unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED) })
	if err := errors.Join(failed, err); err != nil {
		return err
	}
	number := strconv.Itoa(int(peer.Pid))
	status, _ := os.ReadFile(filepath.Join("/proc", number, "status"))
	if !strings.Contains(string(status), "\nNSpid:\t"+number+"\n") {
		return errors.New("systemd is in another PID namespace")
	}
	return nil
}
