package firmware

import (
	"os"
	"path/filepath"
	"testing"

	"mago/kbuild/firmware/esl"
)

// TestHides has machines whose Secure Boot can be read, and others.
func TestHides(t *testing.T) {
	bios, uefi := tree{"sys/firmware/acpi/pm_profile": "1\n"}, tree{"sys/firmware/efi/fw_platform_size": "64\n"}
	covered := tree{"sys/module/loop/refcnt": "0\n"}
	realTime := tree{"proc/version": "Linux version 6.1.0-57-rt-amd64 (debian-kernel@lists.debian.org) #1 SMP PREEMPT_RT Debian\n"}
	line := func(words string) tree { return tree{"proc/cmdline": "root=/dev/sda1 " + words + "\n"} }
	for name, c := range map[string]struct {
		files tree
		empty string // a directory
		want  Hidden
		uefi  Answer
	}{
		"a BIOS":                         {bios, "", "", No},
		"Secure Boot":                    {secure, "", "", Yes},
		"no Secure Boot":                 {insecure, "", "", Yes},
		"no variable":                    {uefi.with(flag(esl.Global, "SetupMode", 0)), "", "", Yes},
		"shim's copy":                    {uefi.with(tree{"sys/firmware/efi/mok-variables/SecureBoot": "\x01"}), "", "", Yes},
		"a chroot without /sys":          {nil, "", NoSysfs, Unknown},
		"a chroot with an empty /sys":    {nil, "sys", NoSysfs, Unknown},
		"a chroot without efivars":       {uefi, "sys/firmware/efi/efivars", NoVariables, Yes},
		"a chroot with efivars":          {secure, "", "", Yes},
		"Docker":                         {covered, "sys/firmware", InContainer, Unknown},
		"Docker's mark":                  {tree{".dockerenv": ""}, "", InContainer, Unknown},
		"Podman's mark":                  {covered.with(tree{"run/.containerenv": ""}), "", InContainer, Unknown},
		"systemd-nspawn":                 {covered.with(tree{"run/systemd/container": "systemd-nspawn"}), "", InContainer, Unknown},
		"a container with /sys":          {uefi.with(tree{"run/systemd/container": "lxc"}), "sys/firmware/efi/efivars", InContainer, Yes},
		"a container that sees it all":   {secure.with(tree{"run/systemd/container": "lxc"}), "", "", Yes},
		"a container on a BIOS":          {bios.with(tree{"run/systemd/container": "lxc"}), "", "", No},
		"a real-time kernel":             {uefi.with(realTime), "", NoRuntime, Yes},
		"a real-time kernel, runtime":    {uefi.with(realTime, line("efi=debug,runtime")), "", NoVariables, Yes},
		"noruntime":                      {uefi.with(line("efi=noruntime")), "", NoRuntime, Yes},
		"another option":                 {uefi.with(line("efi=debug xefi=noruntime")), "", NoVariables, Yes},
		"a real-time kernel, all mounts": {insecure.with(realTime), "", "", Yes},
	} {
		m := c.files.machine(t)
		if err := os.MkdirAll(filepath.Join(m.Root, c.empty), 0o755); err != nil {
			t.Fatal(err)
		}
		trust := m.Trust(nil)
		if trust.Hidden != c.want || trust.UEFI != c.uefi {
			t.Errorf("%s: %q, UEFI: %s", name, trust.Hidden, trust.UEFI)
		}
		if (trust.SecureBoot == SecureBootUnknown) != (c.want != "") {
			t.Errorf("%s: Secure Boot is %s", name, trust.SecureBoot)
		}
	}
}
