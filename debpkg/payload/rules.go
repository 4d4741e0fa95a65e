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

	{Own, "/usr/lib/{name}/*/**", "programs and data of the module's own"},
	{Own, "/usr/lib/{triplet}/{name}/*/**", "the same"},
	{Own, "/usr/share/{name}/*/**", "the same, for every architecture"},
}

// patterns are the rules' in components.
var patterns = func() (all [][]string) {
	for _, r := range rules {
		all = append(all, split(r.pattern))
	}
	return all
}()

// reserved are directories of others below those where a module may have one of its own name: what lies in them runs, or
// tells programs what to do, without that anybody calls it.
var reserved = setOf(`
	aes alsa applications apt apt-listchanges aptitude atomics augeas autostart avx512_1 bash-completion binfmt.d cmake cnf-update-db containers
	cron cups dbus-1 dbus-1.0 debconf depmod.d dhclient dhcpcd dkms dpkg dracut emacs environment.d firewalld firmware fish gcc gconv gdb gdm3
	gio girepository-1.0 git-core glib-2.0 glibc-hwcaps glvnd gnupg grub grub-legacy guile haswell i686 ifupdown info init initcpio
	initramfs-tools initscripts insserv kernel ld.so.conf.d lightdm lintian linux-boot-probes locale lua man-db mime modprobe.d modules
	modules-load.d needrestart network networkd-dispatcher NetworkManager node_modules nodejs nss openssh openssl os-prober os-probes
	ossl-modules pam pam-configs pam.d perl perl-base perl5 php pkg-config pkgconfig pm-utils polkit-1 power8 power9 ppp python python2 python3
	python3.11 python3.12 python3.13 rpm rsyslog ruby runit sasl2 security sendmail service sse2 ssh ssl sudo sysconfig sysctl.d systemd
	sysusers.d tcltk thumbnailers tls tmpfiles.d ucf udev udisks2 upstart valgrind vim vulkan wayland-sessions X11 x86_64 xeon_phi xorg
	xsessions xtables zsh`)

func setOf(words string) map[string]bool {
	set := map[string]bool{}
	for word := range strings.FieldsSeq(words) {
		set[word] = true
	}
	return set
}
