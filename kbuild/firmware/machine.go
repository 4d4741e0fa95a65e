// Package firmware says what a machine trusts: whether Secure Boot is on, which certificates its firmware, shim and running
// kernel hold, and so whether a module signed with one of them loads. All of it is read from files below a root; it changes
// nothing and runs nothing.
package firmware

import (
	"errors"
	"io/fs"
	"strings"

	"mago/debpkg/rooted"
	"mago/kbuild/firmware/esl"
)

// Machine is a machine whose kernels may require signed modules.
type Machine struct {
	Root string // prefixes /sys and /proc; "" or "/" is the running system
}

// Answer is yes, no, or that what would answer cannot be read, mostly because the reader is not root.
type Answer int

const (
	Unknown Answer = iota
	Yes
	No
)

func (a Answer) String() string { return [...]string{"unknown", "yes", "no"}[a] }

func answer(is bool) Answer {
	if is {
		return Yes
	}
	return No
}

// UEFI says whether the running kernel was booted by UEFI. Another machine has something else in /sys/firmware: its memory map,
// ACPI, a device tree.
func (m Machine) UEFI() Answer {
	switch {
	case m.exists(sysFirmware + "/efi"):
		return Yes
	case m.isEmpty(sysFirmware):
		return Unknown
	}
	return No
}

// variable reads a variable of UEFI, without the four bytes of attributes with which efivarfs begins each
// (Documentation/filesystems/efivarfs.rst). known is false where it cannot be read; one that does not exist is nil.
func (m Machine) variable(guid esl.GUID, name string) (value []byte, known bool) {
	value, err := m.root().ReadFile(efivars + "/" + name + "-" + guid.String())
	switch {
	case errors.Is(err, fs.ErrNotExist) && m.hasVariables():
		return nil, true
	case err != nil:
		return m.copied(name)
	case len(value) < 4:
		return nil, true
	}
	return value[4:], true
}

// hasVariables reports whether a variable that is not there does not exist: efivarfs is mounted, or there is no UEFI.
func (m Machine) hasVariables() bool {
	return !m.isEmpty(efivars) || m.UEFI() == No
}

// copied reads what shim has copied for the kernel: its own lists and, since shim 16, SecureBoot, db and others. The kernel
// shows them to root, without attributes, and nothing to others (drivers/firmware/efi/mokvar-table.c).
func (m Machine) copied(name string) (value []byte, known bool) {
	value, err := m.root().ReadFile(sysFirmware + "/efi/mok-variables/" + name)
	return value, err == nil && len(value) > 0
}

// flag is the first byte of a variable; 0 where it does not exist.
func (m Machine) flag(guid esl.GUID, name string) (value byte, known bool) {
	data, known := m.variable(guid, name)
	if len(data) == 0 {
		return 0, known
	}
	return data[0], known
}

func (m Machine) text(name string) string {
	text, _ := m.root().ReadFile(name)
	return strings.TrimSpace(string(text))
}

func (m Machine) exists(name string) bool {
	_, err := m.root().Stat(name)
	return err == nil
}

// isEmpty reports whether a directory has nothing in it that can be seen, or is not there.
func (m Machine) isEmpty(dir string) bool {
	files, _ := m.root().ReadDir(dir)
	return len(files) == 0
}

func (m Machine) root() rooted.Root { return rooted.Root(m.Root) }
