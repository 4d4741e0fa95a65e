package main

import (
	"errors"
	"io/fs"
	"slices"
	"time"

	"mago/cmd/mago/internal/engine"
	"mago/cmd/mago/internal/keyring"
	"mago/kbuild/firmware"
)

// keyAdviser says what to do about keys.
type keyAdviser struct {
	keyTeller
	report keyring.Report
	now    time.Time
}

// next is the one command that helps most, "" where none is needed.
func (ka keyAdviser) next() string {
	on := engine.SystemOf(ka.Engine)
	if ka.unread() {
		return ka.adviser().keyStatus()
	}
	if steps := on.Mounts(firmware.Hidden(ka.report.Machine.Hidden)); len(steps) > 0 {
		return steps[0]
	}
	i := slices.IndexFunc(ka.report.Keys, func(k keyring.State) bool { return k.Used })
	switch {
	case i < 0 && (ka.report.Machine.Wants == "" || !ka.signsHere()):
		return ""
	case i < 0:
		return ka.adviser().newKey()
	}
	if step := ka.forKey(ka.report.Keys[i], on); step != "" {
		return step
	}
	if ka.report.RootKeyHere {
		return ka.moveAway()
	}
	return ""
}

// offer is a key of another program's, for a machine that asks for signatures and trusts no key here.
func (ka keyAdviser) offer() (keyring.Key, bool) {
	lacking := map[string]bool{}
	var keys []keyring.Key
	for _, k := range ka.report.Keys {
		if k.Used {
			return keyring.Key{}, false
		}
		keys, lacking[k.Path] = append(keys, k.Found.Key), k.Found.Err == nil && k.Standing.Next.Why == firmware.NotEnrolled
	}
	if ka.unread() || !ka.hasUEFI() || !ka.signsHere() {
		return keyring.Key{}, false
	}
	return keyring.Offer(keys, func(k keyring.Key) bool { return lacking[k.Path] })
}

// signsHere reports whether the configuration has mago sign what it builds, where there is a key.
func (ka keyAdviser) signsHere() bool { return unsignedHere[ka.Signing.Signatures] == nil }

// unread reports whether only root could say more.
func (ka keyAdviser) unread() bool {
	return !ka.AsRoot() && slices.ContainsFunc(ka.report.Keys, func(k keyring.State) bool {
		return errors.Is(k.Found.Err, fs.ErrPermission) || k.Now.Loads == firmware.Unknown.String()
	})
}

// forKey is what the key that signs lacks.
func (ka keyAdviser) forKey(k keyring.State, on engine.System) string {
	next, renewed := k.Standing.Next, k.EndsSoon(ka.now)
	switch {
	case k.Found.Err != nil, next.Why == firmware.Revoked, renewed && k.Root == "":
		return ka.renewal(k)
	case next.Why == firmware.NotEnrolled && ka.hasUEFI() && k.Found.EnrolledFile() == "":
		return on.SudoMago("key", "export", "--mok")
	case next.Why == firmware.NotEnrolled && ka.hasUEFI():
		return ka.enrolment(k.Found.EnrolledFile())[0]
	case k.Standing.Now.Loads == firmware.No && next.Loads == firmware.Yes:
		return on.ByRoot("systemctl", "reboot")
	case renewed:
		return ka.renewal(k)
	}
	return ""
}

// hasUEFI reports whether the machine can have a list of certificates.
func (ka keyAdviser) hasUEFI() bool { return ka.report.Machine.UEFI != firmware.No.String() }

// renewal is the command that makes a key which signs again, as far as mago can.
func (ka keyAdviser) renewal(k keyring.State) string {
	open := (*keyring.OpenToOthersError)(nil)
	switch {
	case errors.As(k.Found.Err, &open):
		return ka.adviser().closing(open.Path)
	case k.Origin != keyring.Own:
		return ""
	case k.Root == "" || k.Found.Root.NotAfter.Sub(ka.now) < keyring.Soon:
		return ka.adviser().anotherKey()
	}
	return ka.rotation()
}
