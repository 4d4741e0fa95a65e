package firmware

import "mago/kbuild/firmware/esl"

// SecureBoot is a state of Secure Boot.
type SecureBoot int

const (
	SecureBootUnknown   SecureBoot = iota // Hides says why
	NoUEFI                                // booted by a BIOS or something else
	SecureBootOff                         // the firmware checks nothing
	SetupMode                             // the firmware checks nothing, and lets anybody enroll keys
	SecureBootOn                          // the firmware checks, and so do shim and the kernel
	SecureBootUnchecked                   // the firmware checks, but "mokutil --disable-validation" has switched shim and kernel off
)

func (s SecureBoot) String() string {
	return [...]string{"unknown", "no UEFI", "off", "off, in setup mode", "on", "on, but shim does not check"}[s]
}

// SecureBoot reads the state as the kernel's boot stub does (efi_get_secureboot, drivers/firmware/efi/libstub/secureboot.c).
func (m Machine) SecureBoot() SecureBoot {
	if m.UEFI() == No {
		return NoUEFI
	}
	secure, known := m.flag(esl.Global, "SecureBoot")
	setup, _ := m.flag(esl.Global, "SetupMode")
	switch {
	case !known:
		return SecureBootUnknown
	case setup == 1:
		return SetupMode
	case secure != 1:
		return SecureBootOff
	case m.isShimOff():
		return SecureBootUnchecked
	}
	return SecureBootOn
}

// isShimOff reads shim's copy for the kernel, and, in case an old shim made none, its own.
func (m Machine) isShimOff() bool {
	copied, _ := m.flag(esl.Shim, "MokSBStateRT")
	own, _ := m.flag(esl.Shim, "MokSBState")
	return copied == 1 || own == 1
}
