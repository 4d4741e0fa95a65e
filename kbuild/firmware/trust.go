package firmware

import (
	"strings"

	"mago/kbuild/firmware/esl"
)

// Trust is what decides whether a machine loads a module, read once.
//
// Which certificates verify modules on Debian 12 (6.1) and 13 (6.12): both kernels have the patches db-mok-keyring and
// CONFIG_INTEGRITY_MACHINE_KEYRING, so
//   - db is loaded into .platform, whether or not Secure Boot is on, unless shim was told to ignore it (MokIgnoreDB);
//   - MOK is loaded into .machine under Secure Boot only (load_uefi_certs), always trusted (trust-machine-keyring-by-default.patch:
//     upstream wants MokListTrustedRT), certificates of authorities and others alike: CA:TRUE and keyCertSign matter only with
//     CONFIG_INTEGRITY_CA_MACHINE_KEYRING, which Debian does not set;
//   - a module is verified with .secondary_trusted_keys, to which .builtin_trusted_keys and .machine are linked, and then with
//     .platform (KEYS-Make-use-of-platform-keyring-for-module-signature.patch);
//   - what the vendor has signed, Debian's own modules, is verified with a key that was built in; the certificate that shim puts
//     before MOK is the vendor's, too.
type Trust struct {
	SecureBoot SecureBoot
	Hidden     Hidden            // why Secure Boot cannot be read
	UEFI       Answer            // the running kernel was booted by UEFI
	Lockdown   Lockdown          // of the running kernel
	SigEnforce Answer            // module.sig_enforce of the running kernel
	Enforces   Answer            // the kernel that is asked about loads signed modules only
	Wanted     string            // why it does, "" where it does not or that is not known
	Lists      map[ListName]List // of the firmware and shim
	Keys       Keys              // of the running kernel
	IgnoresDB  bool              // shim was told to ignore db ("mokutil --ignore-db"), and the kernel does so, too

	commandLine string // of the running kernel
	debian      bool   // the running kernel is Debian's, as far as can be told
	config      map[string]string
}

// Trust reads what the machine trusts. config is the .config of the kernel that modules are for, nil where it is unknown; that
// kernel is taken for one of the running kernel's family.
func (m Machine) Trust(config map[string]string) Trust {
	ignores, _ := m.variable(esl.Shim, "MokIgnoreDB")
	version := m.text("/proc/version")
	return Trust{
		SecureBoot:  m.SecureBoot(),
		Hidden:      m.Hides(),
		UEFI:        m.UEFI(),
		Lockdown:    m.lockdown(),
		SigEnforce:  m.sigEnforce(),
		Lists:       m.Lists(),
		Keys:        m.Keys(),
		IgnoresDB:   ignores != nil,
		commandLine: m.text("/proc/cmdline"),
		debian:      version == "" || strings.Contains(version, "debian-kernel@"),
	}.For(config)
}

// For is the same machine's trust where it runs another kernel.
func (t Trust) For(config map[string]string) Trust {
	t.config = config
	t.Enforces, t.Wanted = t.enforces()
	return t
}
