package engine

import (
	"mago/debpkg/rooted"
	"mago/kbuild/firmware"
)

// Enrolment are the commands that enroll a certificate, which lies in the system, as a machine owner's key, or with --mokx revoke it.
func (p System) Enrolment(path string, options ...string) []string {
	steps := p.Mounts(firmware.Machine{Root: p.Root}.Hides())
	if _, err := rooted.Root(p.Root).Stat("/usr/bin/mokutil"); err != nil {
		steps = append(steps, p.Apt("install", "mokutil"))
	}
	return append(steps, p.Program(append([]string{"mokutil"}, append(options, "--import", path)...)...))
}

// Mounts are the commands that show the system the firmware of this machine, as far as mounting does.
func (p System) Mounts(hidden firmware.Hidden) (steps []string) {
	if hidden == firmware.NoSysfs {
		steps = append(steps, p.Program("mount", "-t", "sysfs", "sysfs", "/sys"))
	}
	if hidden == firmware.NoSysfs || hidden == firmware.NoVariables {
		steps = append(steps, p.Program("mount", "-t", "efivarfs", "efivarfs", "/sys/firmware/efi/efivars"))
	}
	return steps
}
