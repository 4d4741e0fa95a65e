package catalog

import (
	"fmt"
	"maps"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"mago/debpkg/word"
)

// aptCache answers as apt-cache does, by its arguments.
func aptCache(answers map[string]string) Config {
	return Config{Run: func(cmd *exec.Cmd) error {
		answer, ok := answers[strings.Join(cmd.Args[1:], " ")]
		if !ok {
			return fmt.Errorf("unexpected %q", cmd.Args)
		}
		_, err := cmd.Stdout.Write([]byte(answer))
		return err
	}}
}

// TestFindHeaders: packages of headers are told by what they are, not by who made them; halves and meta packages are none.
func TestFindHeaders(t *testing.T) {
	const show = "show --no-all-versions -o APT::Cmd::Pattern-Only=true -- "
	answers := map[string]string{
		"search --names-only -- (^|-)headers-[0-9]": `linux-headers-6.1.0-56-amd64 - Header files for Linux 6.1.0-56-amd64
linux-headers-6.1.0-56-common - Common header files for Linux 6.1.0-56
linux-headers-6.1.0-56-common-rt - Common header files for Linux 6.1.0-56-rt
linux-headers-6.1.0-56-all-amd64 - All header files for Linux 6.1 (meta-package)
linux-headers-6.12.117+deb12-cloud-amd64 - Header files for Linux 6.12.117+deb12-cloud-amd64
linux-headers-6.12-amd64 - Header files for Linux amd64 configuration (meta-package)
linux-headers-6.6.1 - Linux kernel headers for 6.6.1 on amd64
linux-headers-6.8.0-40 - Header files related to Linux kernel version 6.8.0
linux-headers-6.8.0-40-generic - Linux kernel headers for version 6.8.0 on 64 bit x86 SMP
linux-hwe-6.5-headers-6.5.0-14 - Header files related to Linux kernel version 6.5.0
linux-headers-6.5.0-14-generic - Linux kernel headers for version 6.5.0 on 64 bit x86 SMP
linux-headers-6.6.9-x64v3-xanmod1 - Linux kernel headers, version 6.6.9-x64v3-xanmod1
linux-headers-6.7.4-1-liquorix-amd64 - Header files for Linux 6.7.4-1-liquorix-amd64
linux-headers-6.1.0-rpi7-rpi-v8 - Header files for Linux 6.1.0-rpi7-rpi-v8
proxmox-headers-6.8 - Latest Proxmox Kernel Headers
proxmox-headers-6.8.12-4-pve - Proxmox Kernel Headers
pve-headers-6.8.12-4-pve - transitional
pve-headers-6.2.16-3-pve - Proxmox Kernel Headers
linux-headers-6.2.16-3-pve - another
`,
		show + "linux-headers-6.5.0-14-generic linux-headers-6.8.0-40-generic": "Package: linux-headers-6.5.0-14-generic\nDepends: linux-hwe-6.5-headers-6.5.0-14, libc6\n\n" +
			"Package: linux-headers-6.8.0-40-generic\nDepends: linux-headers-6.8.0-40\n",
	}
	got, err := FindHeaders(t.Context(), aptCache(answers))
	if err != nil {
		t.Fatal(err)
	}
	names := word.Strings(slices.Collect(maps.Values(got))...)
	slices.Sort(names)
	want := []string{
		"linux-headers-6.1.0-56-amd64", "linux-headers-6.1.0-rpi7-rpi-v8", "linux-headers-6.12.117+deb12-cloud-amd64", "linux-headers-6.2.16-3-pve",
		"linux-headers-6.5.0-14-generic", "linux-headers-6.6.1", "linux-headers-6.6.9-x64v3-xanmod1", "linux-headers-6.7.4-1-liquorix-amd64",
		"linux-headers-6.8.0-40-generic", "proxmox-headers-6.8.12-4-pve",
	}
	if !slices.Equal(names, want) {
		t.Errorf("got  %q\nwant %q", names, want)
	}
	for release, name := range got {
		if !strings.HasSuffix(name.String(), "-"+release.String()) {
			t.Errorf("%s is of %s", name, release)
		}
	}
}

func TestProvider(t *testing.T) {
	c := aptCache(map[string]string{
		`search --names-only -- ^linux-headers-6\.6\.1\+x$`: "own-kernel-devel - headers\nother - headers\n",
		`search --names-only -- ^nobody$`:                   "",
	})
	for name, want := range map[string]string{"linux-headers-6.6.1+x": "own-kernel-devel", "nobody": ""} {
		got, err := Provider(t.Context(), c, word.Must(word.ParsePackage(name)))
		if err != nil || got.String() != want {
			t.Errorf("%s: got %q, %v", name, got, err)
		}
	}
}
