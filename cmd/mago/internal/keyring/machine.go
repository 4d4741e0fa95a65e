package keyring

import (
	"strings"

	"mago/debpkg/rooted"
	"mago/kbuild/kernel"
)

// Machine is what of a machine decides about signatures.
type Machine struct {
	SecureBoot string `json:"secure_boot"`
	UEFI       bool   `json:"uefi"`
	Lockdown   string `json:"lockdown"`    // none, integrity, confidentiality, or unknown
	SigEnforce string `json:"sig_enforce"` // yes, no, or unknown
	Wants      string `json:"wants"`       // why the running kernel loads no unsigned modules, "" where it loads them
}

// lockdown is the state that /sys/kernel/security/lockdown has in brackets (kernel_lockdown(7)).
func lockdown(root rooted.Root) string {
	text, _ := root.ReadFile("/sys/kernel/security/lockdown")
	_, rest, _ := strings.Cut(string(text), "[")
	if state, _, found := strings.Cut(rest, "]"); found {
		return state
	}
	return "unknown"
}

// enforces is module.sig_enforce of the running kernel.
func enforces(root rooted.Root) string {
	text, _ := root.ReadFile("/sys/module/module/parameters/sig_enforce")
	switch strings.TrimSpace(string(text)) {
	case "Y":
		return "yes"
	case "N":
		return "no"
	}
	return "unknown"
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
