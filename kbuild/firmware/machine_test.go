package firmware

import (
	"os"
	"path/filepath"
	"testing"

	"mago/kbuild/firmware/esl"
)

// tree is the files of a machine.
type tree map[string]string

// machine writes files below a new root.
func (files tree) machine(t testing.TB) Machine {
	t.Helper()
	root := t.TempDir()
	for name, text := range files {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return Machine{root}
}

// with is the files and others.
func (files tree) with(others ...tree) tree {
	all := tree{}
	for _, some := range append([]tree{files}, others...) {
		for name, text := range some {
			all[name] = text
		}
	}
	return all
}

// variable is a variable as efivarfs shows it: four bytes of attributes come first.
func variable(guid esl.GUID, name, value string) tree {
	return tree{"sys/firmware/efi/efivars/" + name + "-" + guid.String(): "\x06\x00\x00\x00" + value}
}

func flag(guid esl.GUID, name string, value byte) tree {
	return variable(guid, name, string([]byte{value}))
}

func list(guid esl.GUID, name string, entries ...esl.Entry) tree {
	return variable(guid, name, string(esl.Encode(entries...)))
}

var (
	secure   = flag(esl.Global, "SecureBoot", 1)
	insecure = flag(esl.Global, "SecureBoot", 0)
	setup    = flag(esl.Global, "SetupMode", 1)
	shimOff  = flag(esl.Shim, "MokSBStateRT", 1)
)

func TestSecureBoot(t *testing.T) {
	uefi := tree{"sys/firmware/efi/fw_platform_size": "64\n"}
	for name, c := range map[string]struct {
		files tree
		want  SecureBoot
	}{
		"no UEFI":               {tree{"sys/firmware/acpi/pm_profile": "1\n"}, NoUEFI},
		"/sys not mounted":      {nil, SecureBootUnknown},
		"variables not mounted": {uefi, SecureBootUnknown},
		"shim's copy":           {uefi.with(tree{"sys/firmware/efi/mok-variables/SecureBoot": "\x01"}), SecureBootOn},
		"shim's old copy":       {insecure.with(tree{"sys/firmware/efi/mok-variables/SecureBoot": "\x01"}), SecureBootOff},
		"no variable":           {uefi.with(flag(esl.Global, "SetupMode", 0)), SecureBootOff},
		"off":                   {insecure, SecureBootOff},
		"on":                    {secure.with(flag(esl.Global, "SetupMode", 0)), SecureBootOn},
		"setup mode":            {insecure.with(setup), SetupMode},
		"setup mode, and on":    {secure.with(setup), SetupMode},
		"shim does not check":   {secure.with(shimOff), SecureBootUnchecked},
		"an old shim":           {secure.with(flag(esl.Shim, "MokSBState", 1)), SecureBootUnchecked},
		"shim checks":           {secure.with(flag(esl.Shim, "MokSBStateRT", 0)), SecureBootOn},
		"no value":              {variable(esl.Global, "SecureBoot", ""), SecureBootOff},
	} {
		if got := c.files.machine(t).SecureBoot(); got != c.want {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

func TestSecureBootOfSomethingUnreadable(t *testing.T) {
	m := secure.machine(t)
	path := filepath.Join(m.Root, "sys/firmware/efi/efivars/SecureBoot-"+esl.Global.String())
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(path, 0o755); err != nil {
		t.Fatal(err)
	}
	if trust := m.Trust(nil); trust.SecureBoot != SecureBootUnknown || trust.Hidden != Closed || trust.Enforces != Unknown {
		t.Errorf("%s, %q, enforces: %s", trust.SecureBoot, trust.Hidden, trust.Enforces)
	}
}
