package signed

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Machine is a machine whose kernels may require signed modules.
type Machine struct {
	Root string // prefixes /sys and /proc; "" or "/" is the running system
}

// The variables of UEFI that say whether Secure Boot is on. shim's says that its checks are off, which the kernel respects.
var (
	secureBoot = "SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c"
	setupMode  = "SetupMode-8be4df61-93ca-11d2-aa0d-00e098032b8c"
	shimOff    = []string{"MokSBState-605dab50-e046-4300-abb6-3dd810dd8b23", "MokSBStateRT-605dab50-e046-4300-abb6-3dd810dd8b23"}
)

// Wanted says why a kernel of the machine loads no unsigned modules, "" where it loads them. config is the kernel's .config,
// nil where it is unknown. What cannot be read counts as no reason.
func (m Machine) Wanted(config map[string]string) string {
	switch {
	case config["CONFIG_MODULE_SIG_FORCE"] == "y":
		return "it was built with CONFIG_MODULE_SIG_FORCE"
	case m.isSecureBoot() && locksDown(config):
		return "Secure Boot is on"
	case m.text("/sys/module/module/parameters/sig_enforce") == "Y":
		return "module.sig_enforce is set"
	case m.isLockedDown():
		return "the kernel is locked down"
	}
	return m.onCommandLine()
}

// locksDown reports whether a kernel locks itself down under Secure Boot, as distributions' kernels do unless their .config
// lacks the patch.
func locksDown(config map[string]string) bool {
	return len(config) == 0 || config["CONFIG_LOCK_DOWN_IN_EFI_SECURE_BOOT"] == "y"
}

func (m Machine) isSecureBoot() bool {
	off := slices.ContainsFunc(shimOff, func(name string) bool { return m.variable(name) == 1 })
	return m.variable(secureBoot) == 1 && m.variable(setupMode) != 1 && !off
}

// variable is the first byte of a UEFI variable, after four of attributes; -1 for none.
func (m Machine) variable(name string) int {
	value, err := os.ReadFile(m.path("/sys/firmware/efi/efivars/" + name))
	if err != nil || len(value) < 5 {
		return -1
	}
	return int(value[4])
}

// isLockedDown reads "none [integrity] confidentiality".
func (m Machine) isLockedDown() bool {
	state := m.text("/sys/kernel/security/lockdown")
	return strings.Contains(state, "[") && !strings.Contains(state, "[none]")
}

// onCommandLine reads the running kernel's command line, most likely the next one's too; - and _ are the same there.
func (m Machine) onCommandLine() string {
	for _, word := range strings.Fields(m.text("/proc/cmdline")) {
		name, value, set := strings.Cut(word, "=")
		name = strings.ReplaceAll(name, "-", "_")
		switch {
		case name == "module.sig_enforce" && (!set || slices.Contains([]string{"1", "y", "Y", "on"}, value)):
			return "module.sig_enforce is set"
		case name == "lockdown" && (value == "integrity" || value == "confidentiality"):
			return "the kernel is locked down"
		}
	}
	return ""
}

func (m Machine) text(name string) string {
	text, _ := os.ReadFile(m.path(name))
	return strings.TrimSpace(string(text))
}

func (m Machine) path(name string) string { return filepath.Join("/", m.Root, name) }
