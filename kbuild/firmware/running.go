package firmware

import "strings"

// Lockdown is how far a kernel keeps root from changing it (kernel_lockdown(7)).
type Lockdown string

const (
	LockdownUnknown Lockdown = "unknown"
	NoLockdown      Lockdown = "none"
	Integrity       Lockdown = "integrity"
	Confidentiality Lockdown = "confidentiality"
)

// lockdown reads "none [integrity] confidentiality". A kernel that knows no lockdown has other files there.
func (m Machine) lockdown() Lockdown {
	const security = "/sys/kernel/security"
	_, rest, _ := strings.Cut(m.text(security+"/lockdown"), "[")
	switch state, _, found := strings.Cut(rest, "]"); {
	case found:
		return Lockdown(state)
	case m.exists(security+"/lockdown") || m.isEmpty(security):
		return LockdownUnknown
	}
	return NoLockdown
}

// sigEnforce reads "Y" or "N". A kernel that looks at no signatures has no such parameter.
func (m Machine) sigEnforce() Answer {
	const parameter = "/sys/module/module/parameters/sig_enforce"
	switch {
	case m.exists(parameter):
		return map[string]Answer{"Y": Yes, "N": No}[m.text(parameter)]
	case m.exists("/sys/module"), m.exists(sysFirmware):
		return No
	}
	return Unknown
}
