package firmware

import (
	"testing"

	"mago/kbuild/firmware/esl"
)

func TestWanted(t *testing.T) {
	debian := map[string]string{"CONFIG_MODULE_SIG": "y", "CONFIG_LOCK_DOWN_IN_EFI_SECURE_BOOT": "y"}
	for _, c := range []struct {
		name   string
		files  tree
		config map[string]string
		want   string
	}{
		{"no UEFI", tree{"sys/firmware/acpi/pm_profile": "1\n"}, debian, ""},
		{"forced", nil, map[string]string{"CONFIG_MODULE_SIG_FORCE": "y"}, "it was built with CONFIG_MODULE_SIG_FORCE"},
		{"Secure Boot", secure.with(flag(esl.Global, "SetupMode", 0)), debian, "Secure Boot is on"},
		{"Secure Boot, a kernel whose headers are not here", secure, nil, "Secure Boot is on"},
		{"Secure Boot, a kernel that does not care", secure, map[string]string{"CONFIG_MODULE_SIG": "y"}, ""},
		{"Secure Boot off", insecure, debian, ""},
		{"setup mode", secure.with(setup), debian, ""},
		{"shim does not check", secure.with(shimOff), debian, ""},
		{"shim checks", secure.with(flag(esl.Shim, "MokSBState", 0)), debian, "Secure Boot is on"},
		{"a variable without a value", variable(esl.Global, "SecureBoot", ""), debian, ""},
		{"sig_enforce", tree{"sys/module/module/parameters/sig_enforce": "Y\n"}, debian, "module.sig_enforce is set"},
		{"no sig_enforce", tree{"sys/module/module/parameters/sig_enforce": "N\n"}, debian, ""},
		{"lockdown", tree{"sys/kernel/security/lockdown": "none [integrity] confidentiality\n"}, debian, "the kernel is locked down"},
		{"no lockdown", tree{"sys/kernel/security/lockdown": "[none] integrity confidentiality\n"}, debian, ""},
		{"the command line", tree{"proc/cmdline": "root=/dev/sda1 module.sig-enforce quiet\n"}, debian, "module.sig_enforce is set"},
		{"the command line, 1", tree{"proc/cmdline": "module.sig_enforce=1"}, debian, "module.sig_enforce is set"},
		{"the command line, 0", tree{"proc/cmdline": "module.sig_enforce=0 lockdown=none xlockdown=integrity"}, debian, ""},
		{"the command line, lockdown", tree{"proc/cmdline": "lockdown=confidentiality"}, debian, "the kernel is locked down"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := c.files.machine(t).Trust(c.config).Wanted; got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

// TestEnforces tells a machine that loads unsigned modules from one of which that cannot be read.
func TestEnforces(t *testing.T) {
	debian := map[string]string{"CONFIG_MODULE_SIG": "y", "CONFIG_LOCK_DOWN_IN_EFI_SECURE_BOOT": "y"}
	bios, uefi := tree{"sys/firmware/acpi/pm_profile": "1\n"}, tree{"sys/firmware/efi/fw_platform_size": "64\n"}
	foreign := tree{"proc/version": "Linux version 6.6.0 (me@here) (gcc (Debian 12.2.0-14) 12.2.0) #1 SMP\n"}
	unforced := tree{"sys/module/module/parameters/sig_enforce": "N\n"}
	for _, c := range []struct {
		name   string
		files  tree
		config map[string]string
		want   Answer
	}{
		{"Secure Boot", secure.with(unforced), debian, Yes},
		{"Secure Boot off", insecure.with(unforced), debian, No},
		{"a BIOS", bios.with(unforced), debian, No},
		{"a BIOS, locked down", bios.with(unforced, tree{"proc/cmdline": "lockdown=integrity"}), debian, Yes},
		{"/sys not mounted", nil, debian, Unknown},
		{"/sys not mounted, no .config", nil, nil, Unknown},
		{"/sys not mounted, but the command line", tree{"proc/cmdline": "module.sig_enforce"}, debian, Yes},
		{"/sys not mounted, a kernel that forces it", nil, map[string]string{"CONFIG_MODULE_SIG_FORCE": "y"}, Yes},
		{"module.sig_enforce, a kernel that looks at no signatures", bios.with(tree{"sys/module/module/parameters/sig_enforce": "Y\n", "proc/cmdline": "module.sig_enforce"}), map[string]string{"CONFIG_X86": "y"}, No},
		{"/sys not mounted, a kernel that looks at no signatures", nil, map[string]string{"CONFIG_X86": "y"}, No},
		{"variables not mounted", uefi.with(unforced), debian, Unknown},
		{"variables not mounted, locked down", uefi.with(unforced, tree{"sys/kernel/security/lockdown": "none [integrity] confidentiality\n"}), debian, Yes},
		{"variables not mounted, a kernel that does not care", uefi.with(unforced), map[string]string{"CONFIG_MODULE_SIG": "y"}, No},
		{"a container", unforced, debian, Unknown},
		{"another kernel than Debian's", secure.with(unforced, foreign), nil, Unknown},
		{"another kernel than Debian's, not locked down", secure.with(unforced, foreign, tree{"sys/kernel/security/lockdown": "[none] integrity confidentiality\n"}), nil, No},
		{"another kernel than Debian's, locked down", secure.with(unforced, foreign, tree{"sys/kernel/security/lockdown": "none [integrity] confidentiality\n"}), nil, Yes},
		{"another kernel than Debian's, whose .config is here", secure.with(unforced, foreign), debian, Yes},
	} {
		if got := c.files.machine(t).Trust(c.config).Enforces; got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}
