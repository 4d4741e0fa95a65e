package main

import (
	"path/filepath"

	"mago/cmd/mago/internal/engine"
	"mago/cmd/mago/internal/keyring"
)

// The commands that mago advises about keys.
func (a adviser) keyStatus() string  { return a.on.SudoMago("key", "status") }
func (a adviser) newKey() string     { return a.on.SudoMago("key", "new") }
func (a adviser) anotherKey() string { return a.on.SudoMago("key", "new", "-f") }
func (a adviser) newLeaf() string    { return a.on.SudoMago("key", "rotate") }

// closing takes a private key, which lies at a path inside the root, from others than its owner.
func (a adviser) closing(path string) string {
	return a.on.ByRoot("chmod", "600", filepath.Join("/", a.on.Root, path))
}

// adviser is the one of the system that is worked on.
func (a *app) adviser() adviser { return adviser{engine.SystemOf(a.Engine)} }

// enrolment are the commands that enroll a certificate as a machine owner's key, or with --mokx revoke it.
func (a keyTeller) enrolment(path string, options ...string) []string {
	return engine.SystemOf(a.Engine).Enrolment(path, options...)
}

// rotation is the command that makes a new leaf, which names the root's private key where that is elsewhere.
func (a keyTeller) rotation() string {
	if a.keyStore().HasRootKey() {
		return a.adviser().newLeaf()
	}
	return engine.SystemOf(a.Engine).SudoMago("key", "rotate", "--root-key", "FILE")
}

// moveAway is the command that takes the root's private key off this machine.
func (a keyTeller) moveAway() string {
	return engine.SystemOf(a.Engine).ByRoot("mv", a.hostPath(keyring.OfflineKey), "/media/usb/mago-root.key")
}

// hostPath is where a file of the root lies for this machine's programs.
func (a keyTeller) hostPath(name string) string {
	path, err := a.keyStore().Root.Path(name)
	if err != nil {
		return name
	}
	return path
}
