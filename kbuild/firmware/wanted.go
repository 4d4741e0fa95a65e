package firmware

import (
	"slices"
	"strings"
)

// enforces says whether the kernel loads signed modules only, and why. A lockdown that cannot be read does not count where the
// rest can: kernels lock themselves down under Secure Boot, or for a word of their command line.
func (t Trust) enforces() (is Answer, why string) {
	switch {
	case t.config["CONFIG_MODULE_SIG_FORCE"] == "y":
		return Yes, "it was built with CONFIG_MODULE_SIG_FORCE"
	case t.SecureBoot == SecureBootOn && t.locksDown() == Yes:
		return Yes, "Secure Boot is on"
	case !t.checks(): // whatever the running kernel does
		return No, ""
	case t.SigEnforce == Yes:
		return Yes, sigEnforceSet
	case t.Lockdown == Integrity, t.Lockdown == Confidentiality:
		return Yes, lockedDown
	}
	if why = asked(t.commandLine); why != "" {
		return Yes, why
	}
	if t.mayLockDown() || t.SigEnforce == Unknown {
		return Unknown, ""
	}
	return No, ""
}

// mayLockDown reports whether the kernel may be locked down for Secure Boot.
func (t Trust) mayLockDown() bool {
	return t.SecureBoot == SecureBootUnknown && t.locksDown() != No || t.SecureBoot == SecureBootOn && t.locksDown() == Unknown
}

// Why kernels load signed modules only.
const (
	sigEnforceSet = "module.sig_enforce is set"
	lockedDown    = "the kernel is locked down"
)

// locksDown says whether the kernel locks itself down under Secure Boot: Debian's do, others where their .config says so, and
// those that have not done it do not.
func (t Trust) locksDown() Answer {
	switch {
	case len(t.config) > 0:
		return answer(t.config["CONFIG_LOCK_DOWN_IN_EFI_SECURE_BOOT"] == "y")
	case t.debian:
		return Yes
	case t.SecureBoot == SecureBootOn && t.Lockdown == NoLockdown:
		return No
	}
	return Unknown
}

// checks reports whether the kernel looks at signatures at all.
func (t Trust) checks() bool { return len(t.config) == 0 || t.config["CONFIG_MODULE_SIG"] == "y" }

// asked says what on the running kernel's command line, most likely the next one's too, has signatures enforced; - and _ are the
// same there.
func asked(commandLine string) string {
	for _, word := range strings.Fields(commandLine) {
		name, value, set := strings.Cut(word, "=")
		name = strings.ReplaceAll(name, "-", "_")
		switch {
		case name == "module.sig_enforce" && (!set || slices.Contains([]string{"1", "y", "Y", "on"}, value)):
			return sigEnforceSet
		case name == "lockdown" && (value == string(Integrity) || value == string(Confidentiality)):
			return lockedDown
		}
	}
	return ""
}
