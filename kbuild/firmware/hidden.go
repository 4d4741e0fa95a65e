package firmware

import (
	"slices"
	"strings"

	"mago/kbuild/firmware/esl"
)

// Hidden is what keeps Secure Boot from being read, as a sentence; "" where nothing does.
type Hidden string

const (
	NoSysfs     Hidden = "/sys is not mounted"
	InContainer Hidden = "a container does not see the firmware of its host"
	NoVariables Hidden = "/sys/firmware/efi/efivars is not mounted"
	NoRuntime   Hidden = "the kernel does not call the firmware: it is a real-time kernel, or was started with efi=noruntime"
	Closed      Hidden = "the variable SecureBoot of the firmware cannot be read"
)

// In is the sentence with the path that is below a root.
func (h Hidden) In(root string) string {
	if strings.HasPrefix(string(h), "/") {
		return strings.TrimSuffix(root, "/") + string(h)
	}
	return string(h)
}

const (
	sysFirmware = "/sys/firmware"
	efivars     = sysFirmware + "/efi/efivars"
)

// Hides says why a machine's Secure Boot cannot be read. Container engines cover /sys/firmware with an empty directory.
func (m Machine) Hides() Hidden {
	_, known := m.flag(esl.Global, "SecureBoot")
	switch {
	case known:
		return ""
	case m.isContainer():
		return InContainer
	case !m.exists(sysFirmware):
		return NoSysfs
	case m.isEmpty(sysFirmware):
		return InContainer
	case !m.isEmpty(efivars):
		return Closed
	case m.isWithoutRuntime():
		return NoRuntime
	}
	return NoVariables
}

// containerMarks are the files with which systemd (https://systemd.io/CONTAINER_INTERFACE), Docker and Podman mark containers.
var containerMarks = []string{"/run/systemd/container", "/.dockerenv", "/run/.containerenv"}

func (m Machine) isContainer() bool { return slices.ContainsFunc(containerMarks, m.exists) }

// isWithoutRuntime reports whether the running kernel leaves the firmware's runtime services alone: efivarfs cannot be mounted
// then (efi=, Documentation/admin-guide/kernel-parameters.txt; CONFIG_EFI_DISABLE_RUNTIME).
func (m Machine) isWithoutRuntime() bool {
	without := strings.Contains(m.text("/proc/version"), "PREEMPT_RT")
	for _, word := range strings.Fields(m.text("/proc/cmdline")) {
		options, is := strings.CutPrefix(word, "efi=")
		if all := strings.Split(options, ","); is {
			without = (without || slices.Contains(all, "noruntime")) && !slices.Contains(all, "runtime")
		}
	}
	return without
}
