package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"

	"mago/cmd/mago/internal/engine"
	"mago/cmd/mago/internal/keyring"
	"mago/kbuild/firmware"
	"mago/kbuild/signing/pkcs11"
)

// status shows all keys, what of the machine decides about them, and the command to type.
func (c *keyCommand) status(a keyTeller, _ context.Context) error {
	now := present()
	r := a.keyStore().Report(a.Signing.Key, now)
	if c.JSON {
		return a.printJSON(r)
	}
	a.tellField("machine", machineText(a.Root, r.Machine))
	for _, k := range r.Keys {
		a.screen.line("")
		a.tellKey(k, now)
	}
	if len(r.Keys) > 0 {
		a.screen.line("")
	}
	a.tellRetired(r.Retired)
	for _, note := range append(keyNotes(r, now), unsignedHere[a.Signing.Signatures]...) {
		a.tellField("note", note)
	}
	adviser := keyAdviser{a, r, now}
	if offered, ok := adviser.offer(); ok {
		a.tellOffer(offered)
		return nil
	}
	if step := adviser.next(); step != "" {
		a.screen.paste("next: " + step)
	}
	return nil
}

// tellOffer says both ways: to enroll a key that is there, or to make one of mago's own.
func (a keyTeller) tellOffer(k keyring.Key) {
	a.tellField("note", fmt.Sprintf("the key is %s, which mago signs with once it is enrolled, as are the modules that are signed with it already; or make mago's own, whose leaves change without another enrolment", whose[k.Origin]))
	steps := a.enrolment(k.EnrolledFile())
	a.screen.paste("next: " + steps[0])
	a.screen.paste("or:   " + a.adviser().newKey())
}

// tellField prints a line of a report.
func (a *app) tellField(name, text string) { a.screen.line(fmt.Sprintf("%-8s %s", name, text)) }

// machineText says what of a machine below a root decides about signatures.
func machineText(root string, m keyring.Machine) string {
	text := "Secure Boot is " + m.SecureBoot
	switch {
	case m.UEFI == firmware.No.String():
		text = "booted without UEFI, so that it has no Secure Boot"
	case m.Hidden != "":
		text = "Secure Boot: unknown, " + firmware.Hidden(m.Hidden).In(root)
	}
	return text + "; lockdown: " + m.Lockdown + "; module.sig_enforce: " + m.SigEnforce + "; " + map[string]string{
		firmware.Yes.String():     "its kernel loads signed modules only",
		firmware.No.String():      "its kernel loads unsigned modules",
		firmware.Unknown.String(): "whether its kernel loads unsigned modules cannot be read",
	}[m.Enforces]
}

// tellKey shows one key.
func (a keyTeller) tellKey(k keyring.State, now time.Time) {
	if k.Kind == "" {
		a.tellField("key", fmt.Sprintf("%s: %s", whose[k.Origin], errorText(k)))
		return
	}
	a.tellField("key", fmt.Sprintf("%s (%s)", k.Name, whose[k.Origin]))
	a.tellField("kind", kindText(k))
	a.tellField("until", untilText(k, now))
	a.tellFingerprints(k)
	a.tellField("held", heldText(k))
	a.tellField("loads", loadsText(k))
	if k.Error != "" {
		a.tellField("error", errorText(k))
	}
	if k.Used {
		a.tellField("used", "mago signs with this key: "+usedText(k))
	}
}

// tellFingerprints shows those of what machines enroll and of what signs, where these are two.
func (a keyTeller) tellFingerprints(k keyring.State) {
	if k.Root == "" {
		a.tellField("SHA-1", k.Fingerprint)
		return
	}
	a.tellField("SHA-1", k.Fingerprint+" (root)")
	a.tellField("SHA-1", keyring.Fingerprint(k.Found.Certificate)+" (leaf)")
}

// tellRetired shows leaves that others have followed.
func (a keyTeller) tellRetired(all []keyring.Ended) {
	for _, e := range all {
		text := e.Name + ", followed on " + e.Since.Format(time.DateOnly)
		if e.Revoked {
			text += ", revoked"
		}
		a.tellField("old", text+", SHA-1 "+e.Fingerprint)
	}
	if len(all) > 0 {
		a.screen.line("")
	}
}

// errorText says why a key cannot be used.
func errorText(k keyring.State) string {
	if errors.Is(k.Found.Err, fs.ErrPermission) {
		return "only root may read " + k.Path
	}
	return k.Error
}

// whose names the origins of keys.
var whose = map[keyring.Origin]string{
	keyring.Configured: "of the configuration", keyring.Own: "mago's", keyring.DKMS: "dkms's", keyring.Shim: "of shim-signed",
}

// usedText says why a key is the one that signs.
func usedText(k keyring.State) string {
	switch {
	case k.Origin == keyring.Configured:
		return "the configuration names it"
	case k.Origin == keyring.Own:
		return "it is mago's own"
	case slices.Contains(k.Lists, string(firmware.MOKNew)):
		return "mago has none of its own, and this one is enrolled with the next boot; nothing else has to be enrolled"
	}
	return "mago has none of its own, and this one is enrolled; nothing has to be enrolled again"
}

func kindText(k keyring.State) string {
	text := "flat, " + k.Algorithm
	if k.Root != "" {
		text = "leaf of " + k.Root + ", " + k.Algorithm
	}
	switch {
	case pkcs11.IsURI(k.Path):
		return text + ", on a token"
	case k.Encrypted:
		return text + ", encrypted"
	}
	return text + ", not encrypted"
}

func untilText(k keyring.State, now time.Time) string {
	text := k.Until.Format(time.DateOnly)
	if k.EndsSoon(now) {
		text += fmt.Sprintf(", in %d days", int(k.Until.Sub(now).Hours()/24))
	}
	return text
}

// heldText says which lists have a key's certificates, and whether the running kernel does.
func heldText(k keyring.State) string {
	text := "in none of the firmware's and shim's lists"
	if k.Unread {
		text = "in none of the lists that can be read"
	}
	if len(k.Lists) > 0 {
		text = "in " + strings.Join(k.Lists, ", ")
	}
	if slices.ContainsFunc(k.Lists, func(name string) bool { return strings.HasPrefix(name, "Mok") }) {
		text += " (asked for, until the next boot)"
	}
	switch {
	case k.Kernel != "":
		return text + "; the running kernel has it in " + k.Kernel
	case k.Standing.Known == firmware.Yes:
		return text + "; the running kernel has it"
	case k.Standing.Known == firmware.Unknown:
		return text + "; whether the running kernel has it cannot be read"
	}
	return text + "; the running kernel does not have it"
}

// loadsText says whether what a key signs loads, now and after the next boot.
func loadsText(k keyring.State) string {
	switch {
	case k.Now == k.Next:
		return fmt.Sprintf("%s, now and after the next boot: %s", k.Now.Loads, k.Now.Why)
	case k.Now.Why == k.Next.Why:
		return fmt.Sprintf("%s now, %s after the next boot: %s", k.Now.Loads, k.Next.Loads, k.Now.Why)
	}
	return fmt.Sprintf("%s, now: %s; %s, after the next boot: %s", k.Now.Loads, k.Now.Why, k.Next.Loads, k.Next.Why)
}

// whereToLook says where there is to be seen what is hidden.
var whereToLook = map[firmware.Hidden]string{
	firmware.NoSysfs:     "an installer's chroot is to have this machine's /sys mounted; where the system is for another machine, only mago there can say more",
	firmware.InContainer: "the kernel is that of the container's host, where mago key status says which modules it loads",
	firmware.Closed:      "what keeps it from being read, cat /sys/firmware/efi/efivars/SecureBoot-* says as root",
	firmware.NoRuntime:   "mago key status says more after a boot with efi=runtime on the kernel's command line",
}

// unsignedHere says of a configuration that mago signs nothing of what it builds.
var unsignedHere = map[engine.Signatures][]string{
	engine.SignaturesElsewhere: {"the configuration has another machine sign what is built here (Signatures: elsewhere)"},
	engine.SignaturesNone:      {"the configuration has nothing signed that is built here (Signatures: none)"},
}

// keyNotes are what somebody should know beside the keys themselves.
func keyNotes(r keyring.Report, now time.Time) (notes []string) {
	if text := whereToLook[firmware.Hidden(r.Machine.Hidden)]; text != "" {
		notes = append(notes, text)
	}
	if len(r.Keys) == 0 {
		notes = append(notes, "there is no key to sign modules with")
	}
	if len(r.Keys) == 0 && r.Machine.Wants != "" && r.Machine.UEFI != firmware.No.String() {
		notes = append(notes, "what another machine has signed needs no key here: "+engine.EnrollSigner())
	}
	if r.RootKeyHere {
		notes = append(notes, "the root's private key still lies unencrypted in "+keyring.OfflineKey+": move it to a medium that you keep elsewhere")
	}
	for _, k := range r.Keys {
		if k.Used && k.EndsSoon(now) {
			notes = append(notes, fmt.Sprintf("the key that signs ends in %d days", int(k.Until.Sub(now).Hours()/24)))
		}
	}
	return notes
}
