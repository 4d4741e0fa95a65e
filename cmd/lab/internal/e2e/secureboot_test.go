//go:build e2e

package e2e

import (
	"crypto/x509"
	"encoding/hex"
	"regexp"
	"strings"
	"testing"

	"mago/cmd/lab/internal/debian"
	"mago/cmd/lab/internal/secureboot"
	"mago/cmd/lab/internal/vm"
)

// TestSecureBoot: under Secure Boot, Debian's kernels take the modules of those whom the machine's owner has enrolled, and refuse
// all others in their own words.
func TestSecureBoot(t *testing.T) {
	needs(t, "busybox", "qemu-system-x86_64")
	if err := debian.Missing(); err != nil {
		t.Skip(err)
	}
	machines, setup := securedMachines(t)
	assemble(t, machines, setup)
	t.Parallel() // with the story
	for _, m := range machines {
		t.Run(m.name, m.boot)
	}
	t.Run("setup mode", setup.boot)
}

// secured is a machine with Secure Boot and what is tried on it.
type secured struct {
	name     string
	kernel   bootable
	enrolled secureboot.Enrolled
	attempts []attempt
	pc       vm.PC
}

// attempt is a module that a machine is to load.
type attempt struct {
	name   string
	module []byte
	says   string              // the kernel, of a module that it refuses, if anything; or the module itself
	chain  []*x509.Certificate // its certificates, where they decide; nil: something else does
}

// greeting is what a module says that has been taken in.
const greeting = "hello: hello, world"

// securedMachines are the owner's machines, still to be assembled: those with Secure Boot, and one in setup mode.
func securedMachines(t *testing.T) ([]*secured, *inSetup) {
	store, err := debian.OpenStore("bookworm", t.Output())
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	o, released, newest := newOwner(t, store)
	return o.machines(t, released, newest), o.inSetup(t, released)
}

// assemble makes the machines.
func assemble(t *testing.T, machines []*secured, setup *inSetup) {
	store, err := debian.OpenStore("trixie", t.Output())
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	workshop, err := secureboot.Open(t.Context(), store)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range machines {
		if m.pc, err = workshop.Machine(t.Context(), t.TempDir(), m.kernel.image, m.initramfs(t), m.enrolled); err != nil {
			t.Fatal(err)
		}
	}
	setup.assemble(t, workshop)
}

func (m *secured) boot(t *testing.T) {
	said, archive := booted(t, m.pc)
	said.has(t, "mago: Linux "+m.kernel.release, "mago: secureboot: Secure boot enabled", "mago: Kernel is locked down from EFI Secure Boot")
	m.knows(t, said, "UEFI:MokListRT", m.enrolled.MOK)
	m.knows(t, said, "UEFI:db", m.enrolled.DB)
	trust := m.trust(t, archive)
	for _, a := range m.attempts {
		a.answered(t, said)
		a.foretold(t, trust)
	}
}

// knows expects the kernel to have its keys from one list.
func (m *secured) knows(t *testing.T, said output, list string, certificates []*x509.Certificate) {
	t.Helper()
	for _, c := range certificates {
		key := regexp.QuoteMeta(c.Subject.CommonName + ": " + hex.EncodeToString(c.SubjectKeyId))
		said.matches(t, `Loading X\.509 certificate: `+list+`.*\n.*Loaded X\.509 cert '`+key+`'`)
		said.matches(t, `asymmetri `+key)
	}
}

// answered expects what comes of the module.
func (a attempt) answered(t *testing.T, said output) {
	t.Helper()
	about := "mago: " + a.name + ": "
	lines := output(strings.Join(regexp.MustCompile("(?m)^"+about+".*\n").FindAllString(string(said), -1), ""))
	if a.says == greeting {
		lines.has(t, about+"loaded\n")
	} else {
		lines.matches(t, about+"insmod: .*: Key was rejected by service\n")
		lines.lacks(t, about+greeting)
	}
	if a.says != "" {
		lines.has(t, about+a.says+"\n")
	}
}
