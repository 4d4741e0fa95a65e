package firmware

import (
	"slices"
	"strings"
)

// Wanted says why a kernel of the machine loads no unsigned modules, "" where it loads them. config is the kernel's .config,
// nil where it is unknown. What cannot be read counts as no reason.
func (m Machine) Wanted(config map[string]string) string {
	switch {
	case config["CONFIG_MODULE_SIG_FORCE"] == "y":
		return "it was built with CONFIG_MODULE_SIG_FORCE"
	case m.SecureBoot() == SecureBootOn && locksDown(config):
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
