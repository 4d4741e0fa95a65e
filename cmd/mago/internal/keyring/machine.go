package keyring

import (
	"strings"

	"mago/debpkg/rooted"
	"mago/kbuild/firmware"
	"mago/kbuild/kernel"
)

// Machine is what of a machine decides about signatures.
type Machine struct {
	SecureBoot string `json:"secure_boot"`
	Hidden     string `json:"hidden"`   // why Secure Boot cannot be read, "" where it can
	UEFI       string `json:"uefi"`     // yes, no, or unknown, as the following
	Lockdown   string `json:"lockdown"` // none, integrity, confidentiality, or unknown
	SigEnforce string `json:"sig_enforce"`
	Enforces   string `json:"enforces"` // whether the running kernel loads signed modules only
	Wants      string `json:"wants"`    // why it does, "" where it does not or that is not known
}

// Machine reads that of the store's machine; no key is looked for.
func (s Store) Machine() Machine {
	m, _ := lookAt(s.Root)
	return m
}

// lookAt reads what of the machine decides about signatures.
func lookAt(root rooted.Root) (Machine, firmware.Trust) {
	t := firmware.Machine{Root: root.String()}.Trust(runningConfig(root))
	return Machine{
		SecureBoot: t.SecureBoot.String(), Hidden: string(t.Hidden), UEFI: t.UEFI.String(),
		Lockdown: string(t.Lockdown), SigEnforce: t.SigEnforce.String(), Enforces: t.Enforces.String(), Wants: t.Wanted,
	}, t
}

// runningConfig is the running kernel's .config, where Debian's image packages put it; nil where it is not there.
func runningConfig(root rooted.Root) kernel.Config {
	release, _ := root.ReadFile("/proc/sys/kernel/osrelease")
	name := strings.TrimSpace(string(release))
	text, err := root.ReadFile("/boot/config-" + name)
	if name == "" || strings.Contains(name, "/") || err != nil {
		return nil
	}
	return kernel.ParseConfig(text)
}
