// Package coredump keeps what a process knows out of core dumps.
package coredump

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// Off has this process leave no core dump, whatever the machine does with them, and lets no other process of its user read its memory
// (PR_SET_DUMPABLE in prctl(2), core(5)). Programs that it starts have the limit, which they may raise again; to them dumpable is new.
// An ordinary user's process cannot fill a child's uid_map any more (user_namespaces(7)): a program that it has started has to.
func Off() error {
	if err := unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0); err != nil {
		return fmt.Errorf("switch core dumps off: %w", err)
	}
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_CORE, &limit); err != nil {
		return fmt.Errorf("switch core dumps off: %w", err)
	}
	limit.Cur = 0
	if err := unix.Setrlimit(unix.RLIMIT_CORE, &limit); err != nil {
		return fmt.Errorf("switch core dumps off: %w", err)
	}
	return nil
}
