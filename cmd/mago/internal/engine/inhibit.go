package engine

import (
	"context"
	"os"
	"time"

	"github.com/godbus/dbus/v5"
)

// busPatience bounds what the login manager may take to answer; a bus that hangs must not keep a build from beginning.
const busPatience = 2 * time.Second

// Inhibit has systemd's login manager put off shutdown and sleep until release is called or the process ends, as apt does
// (https://systemd.io/INHIBITOR_LOCKS). It is nil where no login manager runs, or where that refuses: a user who is
// not at the machine may delay only, and mode says what was granted.
func Inhibit(why string) (release func(), mode string) {
	ctx, cancel := context.WithTimeout(context.Background(), busPatience)
	type answer struct {
		hold *os.File
		mode string
	}
	answered := make(chan answer, 1)
	defer cancel()
	go func() {
		hold, mode := askLogind(ctx, why)
		answered <- answer{hold, mode}
	}()
	select {
	case a := <-answered:
		if a.hold == nil {
			return nil, ""
		}
		return func() { _ = a.hold.Close() }, a.mode
	case <-ctx.Done():
		go func() { _ = (<-answered).hold.Close() }() // too late
		return nil, ""
	}
}

// askLogind calls org.freedesktop.login1.Manager.Inhibit, which gives a descriptor that holds as long as it is open. It
// starts no login manager where there is none.
func askLogind(ctx context.Context, why string) (hold *os.File, mode string) {
	bus, err := dbus.ConnectSystemBus(dbus.WithContext(ctx))
	if err != nil {
		return nil, ""
	}
	defer bus.Close()
	logind := bus.Object("org.freedesktop.login1", "/org/freedesktop/login1")
	for _, mode := range []string{"block", "delay"} {
		var fd dbus.UnixFD
		call := logind.CallWithContext(ctx, "org.freedesktop.login1.Manager.Inhibit", dbus.FlagNoAutoStart, "shutdown:sleep", "mago", why, mode)
		if call.Store(&fd) == nil {
			return os.NewFile(uintptr(fd), "inhibitor"), mode
		}
	}
	return nil, ""
}
