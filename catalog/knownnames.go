package catalog

import "slices"

// aliases lead from other names of a module, which neither the package's nor the source package's name contains, to the
// module; most are names of its .ko files.
var aliases = map[string]string{
	"nvidia":            "nvidia-kernel",      // nvidia.ko; nvidia-open-kernel builds one too, but for newer cards only
	"nvidia-open":       "nvidia-open-kernel", // as NVIDIA calls it
	"spl":               "zfs",                // the Solaris layer, part of OpenZFS since 0.8
	"wl":                "broadcom-sta",       // wl.ko
	"bcmwl":             "broadcom-sta",       // Ubuntu's name of the package
	"vboxdrv":           "virtualbox",         // the host's first module; vboxnetflt and vboxnetadp come along
	"lime":              "lime-forensics",     // lime.ko
	"ipt-netflow":       "iptables-netflow",   // ipt_NETFLOW.ko
	"igb-uio":           "dpdk-kmods",         // igb_uio.ko
	"ovpn-dco":          "openvpn-dco",        // upstream's name
	"ovpn-dco-v2":       "openvpn-dco",        // ovpn-dco-v2.ko
	"thinkpad-ec":       "tp-smapi",           // thinkpad_ec.ko, which tp_smapi.ko needs
	"scap":              "falcosecurity-scap", // scap.ko
	"falco":             "falcosecurity-scap", // the program that it is for
	"ddcci-backlight":   "ddcci",              // ddcci-backlight.ko
	"razerkbd":          "openrazer-driver",   // razerkbd.ko
	"nf-conntrack-rtsp": "nat-rtsp",           // nf_conntrack_rtsp.ko
	"nf-nat-rtsp":       "nat-rtsp",           // nf_nat_rtsp.ko
	"nvidia-modeset":    "nvidia-kernel",      // nvidia's other modules
	"nvidia-drm":        "nvidia-kernel",
	"nvidia-uvm":        "nvidia-kernel",
	"nvidia-peermem":    "nvidia-kernel",
	"vboxnetflt":        "virtualbox",
	"vboxnetadp":        "virtualbox",
	"displaylink":       "evdi",             // the vendor whose docks it is for
	"hid-uclogic":       "digimend",         // hid-uclogic.ko
	"hid-kye":           "digimend",         // hid-kye.ko
	"xt-rtpengine":      "rtpengine-kernel", // xt_RTPENGINE.ko
}

// kernelModule was packaged as source once and has been part of the kernel since.
type kernelModule struct {
	names  []string // module names, as the source packages would give them
	module string
	since  string
}

// kernelModules lists them with their place in the kernel's tree. aufs is not among them, because it was never merged; nor is
// openvpn-dco, because the kernel's ovpn needs a newer OpenVPN.
var kernelModules = []kernelModule{
	{[]string{"wireguard"}, "wireguard", "5.6"},                             // drivers/net/wireguard
	{[]string{"exfat", "exfat-nofuse"}, "exfat", "5.7"},                     // fs/exfat, Samsung's; 5.4 to 5.6 had another in staging
	{[]string{"ntfs3"}, "ntfs3", "5.15"},                                    // fs/ntfs3, Paragon's
	{[]string{"virtualbox-guest", "vboxguest"}, "vboxguest", "4.16"},        // drivers/virt/vboxguest
	{[]string{"vboxvideo"}, "vboxvideo", "4.13"},                            // staging first, drivers/gpu/drm/vboxvideo since 5.2
	{[]string{"vboxsf"}, "vboxsf", "5.6"},                                   // fs/vboxsf
	{[]string{"batman-adv"}, "batman_adv", "2.6.38"},                        // net/batman-adv
	{[]string{"zram", "compcache"}, "zram", "3.14"},                         // drivers/block/zram, out of staging
	{[]string{"overlayfs"}, "overlay", "3.18"},                              // fs/overlayfs, renamed when it was merged
	{[]string{"openvswitch", "openvswitch-datapath"}, "openvswitch", "3.3"}, // net/openvswitch
	{[]string{"drbd", "drbd8"}, "drbd", "2.6.33"},                           // drivers/block/drbd
	{[]string{"squashfs"}, "squashfs", "2.6.29"},                            // fs/squashfs
	{[]string{"ipset"}, "ip_set", "2.6.39"},                                 // net/netfilter/ipset
	{[]string{"kvm"}, "kvm", "2.6.20"},                                      // virt/kvm
	{[]string{"fuse"}, "fuse", "2.6.14"},                                    // fs/fuse
	{[]string{"ovpn"}, "ovpn", "6.16"},                                      // drivers/net/ovpn
	{[]string{"rtw88"}, "rtw88_core", "5.2"},                                // drivers/net/wireless/realtek/rtw88
	{[]string{"rtl8821ce"}, "rtw88_8821ce", "5.9"},                          // the RTL8821C joined rtw88
	{[]string{"rtw89"}, "rtw89_core", "5.16"},                               // drivers/net/wireless/realtek/rtw89
}

// inTree looks a module's name up among what the kernel has.
func inTree(name string) (kernelModule, bool) {
	for _, k := range kernelModules {
		if slices.Contains(k.names, name) {
			return k, true
		}
	}
	return kernelModule{}, false
}
