package sources

import (
	"os/exec"
	"testing"

	"mago/debpkg/word"
)

func TestNames(t *testing.T) {
	for _, test := range []struct{ what, got, want string }{
		{"module", moduleName("v4l2loopback-dkms"), "v4l2loopback"},
		{"module", moduleName("openafs-modules-source"), "openafs"},
		{"module", moduleName("tp_smapi"), "tp-smapi"},
		{"module", moduleName("RTL8821CE"), "rtl8821ce"},
		{"module", moduleName("_öffentlich"), "ffentlich"},
		{"upstream", upstream("1:2.0-3-1"), "2.0-3"},
		{"upstream", upstream("2.1.11"), "2.1.11"},
		{"quoted", quoteVersion("1:2.0"), "1%3a2.0"},
		{"without suffix", trimTar("hello-1.0.tar.xz"), "hello-1.0"},
		{"without suffix", trimTar("hello-1.0.tgz"), "hello-1.0"},
		{"without suffix", trimTar("hello-1.0"), "hello-1.0"},
	} {
		if test.got != test.want {
			t.Errorf("%s: %q, want %q", test.what, test.got, test.want)
		}
	}
}

// What comes out of upstreamVersion, dpkg takes as a version; dpkg itself is asked.
func TestUpstreamVersion(t *testing.T) {
	for v, want := range map[string]string{
		"1.0": "1.0", "v1.0": "1.0", "1.0_rc1": "1.0.rc1", "git-abc": "0+git-abc", "": "0", "-": "0", "1-": "1", "1:2": "1.2", "v": "0", "ü": "0",
	} {
		got := upstreamVersion(v)
		if _, err := word.ParseVersion(got); got != want || err != nil {
			t.Errorf("%q: %q, want %q", v, got, want)
		}
		if _, err := exec.LookPath("dpkg"); err != nil {
			continue
		}
		if err := exec.Command("dpkg", "--validate-version", got).Run(); err != nil {
			t.Errorf("%q: dpkg refuses %q", v, got)
		}
	}
}

func FuzzUpstreamVersion(f *testing.F) {
	f.Add("1.0")
	f.Add("v-1_0:x~")
	f.Fuzz(func(t *testing.T, v string) {
		got := upstreamVersion(v)
		if _, err := word.ParseVersion(got); err != nil && len(got) <= 200 {
			t.Errorf("%q: %q: %v", v, got, err)
		}
	})
}
