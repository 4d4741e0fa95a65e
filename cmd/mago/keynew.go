package main

import (
	"context"
	"crypto/ecdsa"
	"fmt"

	"mago/cmd/mago/internal/keyring"
	"mago/kbuild/firmware"
)

// make makes a key, and says how machines get to trust it.
func (c *keyCommand) make(a keyTeller, ctx context.Context) error {
	if err := a.keyStore().CheckFree(a.Force); err != nil { // before anybody types a passphrase
		return err
	}
	other := a.usedOfOthers()
	if a.DryRun {
		a.tellLeftKey(other)
		a.tellNothingDone("make a key in " + keyring.Dir)
		return nil
	}
	passphrase, err := a.newPassphrase(ctx, c.passphraseOptions)
	if err != nil {
		return err
	}
	rootKey, err := absolute(c.RootKey)
	if err != nil {
		return err
	}
	made, err := a.keyStore().New(ctx, keyring.New{
		Flat: c.Flat, Algorithm: c.Algorithm, Name: a.Name, Days: c.Days, Passphrase: passphrase, Unattended: c.Unattended,
		RootKey: rootKey, Again: a.Force, Now: present(),
	})
	if err != nil {
		return err
	}
	a.tellMade(made)
	a.tellEnrolment()
	a.tellLeftKey(other)
	a.tellRootKey(made)
	return nil
}

// usedOfOthers is the path of the key that signs where another program has made that, which is enrolled then; "" where none does.
func (a keyTeller) usedOfOthers() string {
	for _, k := range a.keyStore().Report(a.Signing.Key, present()).Keys {
		if k.Used && (k.Origin == keyring.DKMS || k.Origin == keyring.Shim) {
			return k.Path
		}
	}
	return ""
}

// tellLeftKey says what becomes of another program's key, which has signed, once mago has its own, and what brings it back.
func (a keyTeller) tellLeftKey(path string) {
	if path != "" {
		a.tellField("note", fmt.Sprintf("%[1]s is enrolled and signs already; mago's own key signs in its place, and where the kernel asks for signatures nothing that it signs loads before it is enrolled; with \"Key: %[1]s\" in /etc/mago/mago.conf the one that is enrolled signs as before", path))
	}
}

// tellMade says what was made and where it lies.
func (a keyTeller) tellMade(m keyring.Made) {
	k := m.Key
	if k.Root == nil {
		a.tellField("key", describe(k.Certificate))
	} else {
		a.tellField("root", describe(k.Root))
		a.tellField("leaf", describe(k.Certificate))
	}
	if _, is := k.Certificate.PublicKey.(*ecdsa.PublicKey); is {
		a.tellField("note", "kernels before 6.7, such as Debian 12's 6.1, take no modules signed with ECDSA")
	}
	encrypted := "not encrypted: it signs without asking anybody"
	if k.Encrypted {
		encrypted = "encrypted: it signs when the passphrase is given"
	}
	a.screen.line(fmt.Sprintf("%-8s %s, %s", "file", k.Path, encrypted))
	if m.Kept != "" {
		a.screen.line(fmt.Sprintf("%-8s the key before is in %s", "kept", m.Kept))
	}
}

// tellEnrolment says how this machine gets to trust a key, where it asks for any.
func (a keyTeller) tellEnrolment() {
	machine := firmware.Machine{Root: a.Root}
	hidden := machine.Hides()
	switch {
	case machine.UEFI() == firmware.No:
		a.tellField("enroll", "nothing needs to be enrolled here: this machine has not been booted by UEFI")
		return
	case hidden == firmware.InContainer:
		a.tellField("enroll", "once on each machine that has Secure Boot, perhaps the host of this container, too: there mokutil --import takes a copy of "+a.hostPath(keyring.MOK))
	case hidden != "":
		a.tellField("enroll", "once on each machine that has Secure Boot; whether this one has is unknown, "+hidden.In(a.Root)+":")
	default:
		a.tellField("enroll", "once on each machine that has Secure Boot:")
	}
	if hidden != firmware.InContainer {
		for _, step := range a.enrolment(keyring.MOK) {
			a.screen.paste("  " + step)
		}
	}
	a.tellField("", blueScreen)
}

// blueScreen is what shim's MokManager asks after mokutil has been given a certificate.
const blueScreen = "mokutil asks for a new password. Reboot then, and on the blue screen take Enroll MOK, Continue, Yes, type that password, and take Reboot"

// tellRootKey says where a root's private key should be.
func (a keyTeller) tellRootKey(m keyring.Made) {
	switch {
	case m.RootKey == "":
	case m.RootKey == keyring.OfflineKey:
		a.tellField("last", "the root's private key is not encrypted, and only new leaves need it: move it to a medium that you keep elsewhere (key rotate asks for it with --root-key)")
		a.screen.paste("next: " + a.moveAway())
	default:
		a.screen.line(fmt.Sprintf("%-8s the root's private key is in %s; only new leaves need it", "last", m.RootKey))
	}
}

// tellNothingDone is what --dry-run says.
func (a keyTeller) tellNothingDone(what string) {
	a.tellField("key", "would "+what+"; nothing is changed")
}
