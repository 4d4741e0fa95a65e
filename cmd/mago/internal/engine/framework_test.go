package engine

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

func TestIgnoredSettings(t *testing.T) {
	root := t.TempDir()
	for name, text := range map[string]string{
		"etc/dkms/framework.conf":          "# sign_file=\"/no\"\nsource_tree=/usr/src\n mok_signing_key=\"/root/mok.key\"\nmodprobe_on_install=\"\"\nparallel_jobs=2\n",
		"etc/dkms/framework.conf.d/x.conf": "export sign_file=/usr/bin/kmodsign\nmok_signing_key=/y\n", "etc/dkms/framework.conf.d/x.off": "post_transaction=reboot\n",
	} {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(root, name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(root, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	names, files := ignoredSettings(root)
	if !slices.Equal(names, []string{"mok_signing_key", "sign_file"}) || !slices.Equal(files, []string{"/etc/dkms/framework.conf", "/etc/dkms/framework.conf.d/x.conf"}) {
		t.Errorf("%q in %q", names, files)
	}
	if names, files := ignoredSettings(t.TempDir()); len(names)+len(files) > 0 {
		t.Errorf("%q in %q", names, files)
	}
}
