//go:build e2e

package e2e

import (
	"crypto/x509"
	"fmt"
	"path"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"mago/cmd/lab/internal/secureboot"
	"mago/cmd/lab/internal/vm"
	"mago/kbuild/firmware"
	"mago/kbuild/firmware/esl"
)

// inSetup is a machine that is booted in setup mode. Its owner enrolls what mago exports, and keys of his own, which end that
// mode; from then on the firmware takes what these keys have signed.
type inSetup struct {
	kernel  bootable
	updates []update
	enroll  signer              // the owner's KEK
	list    []byte              // what mago exports for it to sign
	db      []*x509.Certificate // what the firmware has in the end
	pc      vm.PC
}

// update is one command of efi-updatevar's, as mago(8) has it.
type update struct {
	name, variable string
	content        []byte // of its .auth file
	appends        bool
	says           string // of an update that the firmware refuses
}

// refusal is what efi-updatevar says of the firmware's EFI_SECURITY_VIOLATION.
const refusal = "Cannot write to db, wrong filesystem permissions"

func (o owner) inSetup(t *testing.T, k bootable) *inSetup {
	platform, enroll := newRoot(t, "owner's PK"), newRoot(t, "owner's KEK")
	m := &inSetup{kernel: k, enroll: enroll}
	first := m.exported(t, o)
	second := m.exported(t, o)
	m.updates = []update{
		{"first", "db", first, true, ""},
		{"kek", "KEK", platform.update(t, "KEK", enroll.Certificate), false, ""},
		{"pk", "PK", platform.update(t, "PK", platform.Certificate), false, ""},
		{"by-another-key", "db", second, true, refusal},
	}
	return m
}

// exported is the .auth file of a new key of mago's, which db has in the end.
func (m *inSetup) exported(t *testing.T, o owner) []byte {
	o.mago(t, "key", "new", "-f")
	m.db = append(m.db, o.exported(t, "db"))
	dir := o.export(t, "db")
	m.list = readFile(t, filepath.Join(dir, "mago-db.esl"))
	return readFile(t, filepath.Join(dir, "mago-db.auth"))
}

// update makes a certificate the one of a variable.
func (s signer) update(t *testing.T, variable string, c *x509.Certificate) []byte {
	t.Helper()
	u := esl.Update{Name: variable, GUID: esl.Global, Time: time.Now(), Content: esl.Encode(esl.Certificate(esl.Shim, c))}
	signed, err := u.Sign(s.Key, s.Certificate)
	if err != nil {
		t.Fatal(err)
	}
	return signed
}

func (m *inSetup) assemble(t *testing.T, workshop *secureboot.Workshop) {
	signed, err := workshop.SignList(t.Context(), "db", m.list, m.enroll.Key, m.enroll.Certificate)
	if err != nil {
		t.Fatal(err)
	}
	m.updates = append(m.updates, update{"by-the-kek", "db", signed, true, ""})
	tools, err := workshop.Programs(t.Context(), updater, "/usr/bin/chattr")
	if err != nil {
		t.Fatal(err)
	}
	if m.pc, err = workshop.Machine(t.Context(), t.TempDir(), m.kernel.image, m.initramfs(t, tools), secureboot.Enrolled{Setup: true}); err != nil {
		t.Fatal(err)
	}
}

const updater = "/usr/bin/efi-updatevar"

// shell answers the one command that efi-updatevar has a shell run: mount -l, whose option busybox does not know.
const shell = "#!/bin/busybox sh\nexec /bin/busybox mount\n"

// initramfs has the machine say in which mode it is, and make its updates in order. Variables that are there Linux makes immutable.
func (m *inSetup) initramfs(t *testing.T, tools map[string][]byte) []byte {
	a, err := vm.BusyBox()
	if err != nil {
		t.Fatal(err)
	}
	a.Dir("usr", "usr/bin", "lib64", "lib/x86_64-linux-gnu", "updates")
	for name, content := range tools {
		a.File(name, content, 0o755)
	}
	a.File("bin/sh", []byte(shell), 0o755)
	a.File("lib/efivarfs.ko", m.kernel.efivarfs, 0o644)
	const mode = `echo "mago: setup mode: $(tail -c1 /sys/firmware/efi/efivars/SetupMode-* | od -An -tu1)"` + "\n"
	var script strings.Builder
	for _, u := range m.updates {
		file := path.Join("/updates", u.name+".auth")
		a.File(file[1:], u.content, 0o644)
		option := map[bool]string{true: "-a"}[u.appends]
		fmt.Fprintf(&script, `/usr/bin/chattr -i /sys/firmware/efi/efivars/%s-* 2>/dev/null; `, u.variable)
		fmt.Fprintf(&script, `if answer=$(%s %s -f %s %s 2>&1); then answer="taken $answer"; fi; echo "mago: %s: $answer"`+"\n", updater, option, file, u.variable, u.name)
	}
	a.Init(variablesScript + mode + script.String() + mode + tellScript)
	return a.Bytes()
}

func (m *inSetup) boot(t *testing.T) {
	said, archive := booted(t, m.pc)
	said.matches(t, "(?s)mago: setup mode: +1\n.*mago: setup mode: +0\n")
	for _, u := range m.updates {
		if u.says == "" {
			said.has(t, "mago: "+u.name+": taken")
		} else {
			said.matches(t, "mago: "+u.name+": .*"+u.says)
		}
	}
	m.holds(t, told(t, archive).Trust(m.kernel.config))
}

// holds expects mago to read what the firmware has taken.
func (m *inSetup) holds(t *testing.T, trust firmware.Trust) {
	t.Helper()
	if trust.SecureBoot != firmware.SecureBootOff || trust.Enforces != firmware.No {
		t.Errorf("Secure Boot is %s before the next boot, signatures enforced: %s", trust.SecureBoot, trust.Enforces)
	}
	for _, c := range m.db {
		if held := trust.Of(c).Held; len(held) != 1 || held[0].List != firmware.DB {
			t.Errorf("%s is held in %+v", c.Subject, held)
		}
	}
}
