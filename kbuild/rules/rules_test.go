package rules

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func TestRecognise(t *testing.T) {
	for text, want := range map[string]bool{
		"-include $(MA_DIR)/include/generic.make\n":               true,
		"include /usr/share/modass/include/common-rules.make\n":   true,
		"-include $(MA_DIR)/include/generic.mk\n":                 true,
		"all:\n\ttrue\nkdist kdist_image: x\n":                    true,
		"binary-modules:\n":                                       true,
		".PHONY: kdist kdist_image binary-modules\n%:\n\tdh $@\n": false,
		"# binary-modules: none\n\tbinary-modules: none\n":        false,
		"binary-modules := x\nbinary-modules = y\n":               false,
		"include /usr/share/dpkg/pkg-info.mk\n%:\n\tdh $@\n":      false,
		"-include $(KERNEL)/include/generic.maker\n":              false,
		"override_dh_auto_build:\n\t$(MAKE) binary-modules: x\n":  false,
		"": false,
	} {
		if got := Recognise([]byte(text)); got != want {
			t.Errorf("Recognise(%q) = %v", text, got)
		}
	}
}

func TestUsesDebhelper(t *testing.T) {
	for text, want := range map[string]bool{"%:\n\tdh $@\n": true, "x:\n\t-dh_clean\n": true, "x:\n\techo adhere\n": false, "# dh\n": false} {
		if got := UsesDebhelper([]byte(text)); got != want {
			t.Errorf("UsesDebhelper(%q) = %v", text, got)
		}
	}
}

func TestBeyond(t *testing.T) {
	const plain = `#!/bin/sh
set -e
# Automatically added by dh_installmodules/13.11.4
if [ "$1" = "configure" ] || [ "$1" = "abort-upgrade" ]; then
	if [ -e /boot/System.map-6.1.0-9-amd64 ]; then
		depmod -a -F /boot/System.map-6.1.0-9-amd64 6.1.0-9-amd64 || true
	fi
fi
case "$1" in
  configure|abort-*)
  ;;
esac
exit 0
`
	if line := Beyond(plain); line != "" {
		t.Errorf("got %q", line)
	}
	if line := Beyond(plain + "  mknod /dev/x b 240 0\n"); line != "mknod /dev/x b 240 0" {
		t.Errorf("got %q", line)
	}
}

// made runs make(1) over rules that include the fragments, in a directory with debian/ files.
func made(t *testing.T, files map[string]string, args ...string) string {
	t.Helper()
	if _, err := exec.LookPath("make"); err != nil {
		t.Skip(err)
	}
	dir := t.TempDir()
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	if err := Place(root, "modass"); err != nil {
		t.Fatal(err)
	}
	text := "PACKAGE = x-modules\n-include $(MA_DIR)/include/generic.mk\n-include $(MA_DIR)/include/common-rules.make\n" + files["rules"]
	if err := root.Mkdir("debian", 0o755); err != nil {
		t.Fatal(err)
	}
	for name, content := range files {
		if name == "rules" {
			content = text
		}
		if err := root.WriteFile("debian/"+name, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command("make", append([]string{"-s", "-f", "debian/rules", "MA_DIR=" + dir + "/modass"}, args...)...)
	cmd.Dir, cmd.Env = dir, []string{"PATH=" + os.Getenv("PATH"), "CC=cc", "KPKG_DEST_DIR=/debs"}
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("make %q: %v\n%s", args, err, out)
	}
	for _, name := range []string{"copy", "x-modules-6.1-9.postinst", "x-modules-6.1-9.dirs"} {
		if text, err := os.ReadFile(filepath.Join(dir, "debian", name)); err == nil {
			out = fmt.Appendf(out, "%s: %s\n", name, strings.TrimSpace(string(text)))
		}
	}
	return string(out)
}

// TestVersion: <source>+<kernel>, as module-assistant has it, and at most one epoch.
func TestVersion(t *testing.T) {
	for _, c := range []struct{ source, kernel, version, file string }{
		{"1.0-1", "6.1.27-1", "1.0-1+6.1.27-1", "1.0-1+6.1.27-1"},
		{"2:1.0-1", "6.1.27-1", "2:1.0-1+6.1.27-1", "1.0-1+6.1.27-1"},
		{"1.0-1", "3:6.1", "3:1.0-1+6.1", "1.0-1+6.1"},
		{"2:1.0", "3:6.1", "2:1.0+6.1", "1.0+6.1"},
		{"1.0~rc1+dfsg", "", "1.0~rc1+dfsg", "1.0~rc1+dfsg"},
	} {
		files := map[string]string{"changelog": "x (" + c.source + ") unstable; urgency=low\n", "rules": "show:\n\t@echo $(VERSION) $(CVERSION) $(PKGNAME) $(DEB_DESTDIR)\n"}
		got := made(t, files, "KVERS=6.1-9", "KDREV="+c.kernel, "show")
		if want := fmt.Sprintf("%s %s x-modules-6.1-9 /debs\n", c.version, c.file); got != want {
			t.Errorf("source %s, kernel %s: got %q, want %q", c.source, c.kernel, got, want)
		}
	}
}

// TestImage: the targets run in the documented order, each of the rules' own three where it belongs, and templates are
// filled in before the package is made.
func TestImage(t *testing.T) {
	got := made(t, map[string]string{
		"rules":                                 "kdist_clean: | debian/control\n\t@rm debian/control; echo clean\nkdist_config: prep-deb-files\n\t@echo config\nbinary-modules:\n\t@echo binary; cp debian/control debian/copy\n",
		"changelog":                             "x (1) unstable; urgency=low\n",
		"control.modules.in":                    "_KVERS_ #KVERS# ##KVERS## _KDREV_ #KDREV# ##KDREV##\n",
		"x-modules-_KVERS_.postinst.modules.in": "for _KVERS_\n",
		"x-modules-_KVERS_.dirs":                "as it is: _KVERS_\n",
	}, "KVERS=6.1-9", "KDREV=2", "kdist_image")
	want := "clean\nconfig\nbinary\nclean\ncopy: 6.1-9 6.1-9 6.1-9 2 2 2\nx-modules-6.1-9.postinst: for 6.1-9\nx-modules-6.1-9.dirs: as it is: _KVERS_\n"
	if got != want {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}
