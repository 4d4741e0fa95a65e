package payload

import "strings"

// Kind says what a file is for, in the word that a list of such files begins with.
type Kind string

// The kinds of what a module's packages bring.
const (
	Module   Kind = "modules"
	Program  Kind = "programs"
	Library  Kind = "libraries"
	Hook     Kind = "initramfs hooks"
	Rule     Kind = "udev rules"
	Setting  Kind = "settings of modules"
	Firmware Kind = "firmware"
	Header   Kind = "headers"
	Document Kind = "documents"
	Own      Kind = "files of its own"
	Foreign  Kind = "other files"
)

// Kinds are all of them, those first that root comes to run.
var Kinds = []Kind{Foreign, Program, Hook, Rule, Library, Setting, Own, Firmware, Header, Document, Module}

// rules are what a module's packages may bring, each with the reason. Where several fit a path the first counts. {name}
// is the module's name, alone or with a hyphen and more behind it; {triplet} is an architecture's, as in
// /usr/lib/x86_64-linux-gnu.
var rules = []struct {
	kind    Kind
	pattern string
	reason  string
}{
	{Module, "/usr/lib/modules/*/updates/mago/**/*.ko*", "the modules; depmod prefers this directory, and linux-image has nothing in it"},
	{Firmware, "/usr/lib/firmware/**", "what drivers load into devices"},

	{Setting, "/etc/modprobe.d/*.conf", "options and blacklists of modules, modprobe.d(5)"},
	{Setting, "/usr/lib/modprobe.d/*.conf", "the same"},
	{Setting, "/etc/modules-load.d/*.conf", "modules to be loaded at boot, modules-load.d(5)"},
	{Setting, "/usr/lib/modules-load.d/*.conf", "the same"},
	{Setting, "/etc/depmod.d/*.conf", "which of two modules wins, depmod.d(5)"},
	{Setting, "/usr/lib/depmod.d/*.conf", "the same; mago's own is here"},

	{Rule, "/etc/udev/rules.d/*.rules", "names and rights of devices, udev(7)"},
	{Rule, "/usr/lib/udev/rules.d/*.rules", "the same"},
	{Rule, "/etc/udev/hwdb.d/*.hwdb", "what udev knows of hardware, hwdb(7)"},
	{Rule, "/usr/lib/udev/hwdb.d/*.hwdb", "the same"},
	{Program, "/usr/lib/udev/*", "programs that udev rules call, as openrazer's"},

	{Hook, "/usr/share/initramfs-tools/hooks/*", "what an initramfs needs of a module, initramfs-tools(7)"},
	{Hook, "/usr/share/initramfs-tools/scripts/*/*", "what an initramfs does with it"},
	{Hook, "/usr/share/initramfs-tools/modules.d/*", "modules that go into it"},
	{Hook, "/usr/share/initramfs-tools/conf.d/*", "how it is made"},
	{Hook, "/usr/share/initramfs-tools/conf-hooks.d/*", "the same"},
	{Hook, "/usr/lib/dracut/modules.d/[0-9][0-9]{name}/**", "the same for dracut(8)"},

	{Document, "/usr/share/doc/{name}/**", "Policy 12.3 to 12.7"},
	{Document, "/usr/share/man/man[1-9]/*", "manual pages"},
	{Document, "/usr/share/man/*/man[1-9]/*", "translated ones"},
	{Document, "/usr/share/locale/*/LC_MESSAGES/*.mo", "translations"},
	{Document, "/usr/share/metainfo/*.xml", "which hardware a package is for, AppStream"},
	{Document, "/usr/share/lintian/overrides/*", "for lintian(1)"},
	{Document, "/usr/share/bug/{name}/*", "for reportbug(1)"},

	{Header, "/usr/include/**", "for programs that talk to the module"},
	{Header, "/usr/lib/pkgconfig/*.pc", "where those headers are"},
	{Header, "/usr/lib/{triplet}/pkgconfig/*.pc", "the same"},
	{Header, "/usr/share/pkgconfig/*.pc", "the same"},

	{Program, "/usr/bin/*", "tools of the module"},
	{Program, "/usr/sbin/*", "the same"},
	{Program, "/usr/libexec/{name}", "programs that those call"},
	{Program, "/usr/libexec/{name}/**", "the same"},
	{Library, "/usr/lib/lib*.so*", "for programs that talk to the module"},
	{Library, "/usr/lib/{triplet}/lib*.so*", "the same"},
	{Library, "/usr/lib/{triplet}/xtables/lib*.so", "iptables' side of a module for packets, as iptables-netflow's"},
	{Header, "/usr/lib/{triplet}/lib*.a", "the same libraries, for linking"},

	{Own, "/usr/lib/{name}/**", "programs and data of the module's own"},
	{Own, "/usr/lib/{triplet}/{name}/**", "the same"},
	{Own, "/usr/share/{name}/**", "the same, for every architecture"},
}

// reserved are directories of others below those where a module may have one of its own name: what lies in them runs, or
// tells programs what to do, without that anybody calls it.
var reserved = map[string]bool{}

func init() {
	for name := range strings.FieldsSeq(`
		apt aptitude apt-listchanges binfmt.d bash-completion cmake cron cnf-update-db cups dbus-1 dbus-1.0 debconf dhcpcd dhclient
		dkms dpkg dracut emacs environment.d firmware firewalld fish gcc gconv gdm3 gio girepository-1.0 git-core glibc-hwcaps glvnd grub
		grub-legacy gnupg guile ifupdown init initcpio initramfs-tools insserv kernel ld.so.conf.d lightdm linux-boot-probes lintian locale lua
		modprobe.d modules modules-load.d depmod.d mime needrestart network networkd-dispatcher NetworkManager node_modules nodejs nss openssh
		openssl ossl-modules os-prober os-probes pam pam.d perl perl5 perl-base php pkgconfig pkg-config pm-utils polkit-1 ppp python python2
		python3 python3.11 python3.12 python3.13 rpm ruby runit rsyslog sasl2 security service ssh ssl sudo sysctl.d systemd sysusers.d tcltk
		tls tmpfiles.d udev udisks2 ucf valgrind vim vulkan X11 xorg xsessions xtables zsh`) {
		reserved[name] = true
	}
}
