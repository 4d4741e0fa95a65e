package firmware

import "testing"

func TestLockdown(t *testing.T) {
	const file = "sys/kernel/security/lockdown"
	for name, c := range map[string]struct {
		files tree
		want  Lockdown
	}{
		"none":                   {tree{file: "[none] integrity confidentiality\n"}, NoLockdown},
		"integrity":              {tree{file: "none [integrity] confidentiality\n"}, Integrity},
		"confidentiality":        {tree{file: "none integrity [confidentiality]\n"}, Confidentiality},
		"a kernel without":       {tree{"sys/kernel/security/lsm": "capability"}, NoLockdown},
		"nothing in it":          {tree{file: ""}, LockdownUnknown},
		"securityfs not mounted": {tree{"sys/kernel/uevent_seqnum": "1\n"}, LockdownUnknown},
		"/sys not mounted":       {nil, LockdownUnknown},
	} {
		if got := c.files.machine(t).Trust(nil).Lockdown; got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

func TestSigEnforce(t *testing.T) {
	const file = "sys/module/module/parameters/sig_enforce"
	for name, c := range map[string]struct {
		files tree
		want  Answer
	}{
		"yes":              {tree{file: "Y\n"}, Yes},
		"no":               {tree{file: "N\n"}, No},
		"nothing in it":    {tree{file: ""}, Unknown},
		"a kernel without": {tree{"sys/module/loop/refcnt": "0\n"}, No},
		"no modules yet":   {tree{"sys/firmware/acpi/pm_profile": "1\n"}, No},
		"/sys not mounted": {nil, Unknown},
	} {
		if got := c.files.machine(t).Trust(nil).SigEnforce; got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}
