package signed

import (
	"bytes"
	"compress/gzip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
)

func TestFile(t *testing.T) {
	module := strings.Repeat("module", 100_000)
	var zipped bytes.Buffer
	z := gzip.NewWriter(&zipped)
	z.Write([]byte(module + mark))
	z.Close()
	encoder, _ := zstd.NewWriter(nil)
	for name, c := range map[string]struct {
		content []byte
		want    bool
	}{
		"plain.ko":      {[]byte(module), false},
		"empty.ko":      {nil, false},
		"signed.ko":     {[]byte(module + mark), true},
		"only.ko":       {[]byte(mark), true},
		"cut.ko":        {[]byte(module + mark[:len(mark)-1]), false},
		"inside.ko":     {[]byte(module + mark + "x"), false},
		"signed.ko.gz":  {zipped.Bytes(), true},
		"signed.ko.zst": {encoder.EncodeAll([]byte(module+mark), nil), true},
		"plain.ko.zst":  {encoder.EncodeAll([]byte(module), nil), false},
	} {
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, c.content, 0o644); err != nil {
			t.Fatal(err)
		}
		if got, err := File(path); err != nil || got != c.want {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
	xz := filepath.Join(t.TempDir(), "signed.ko")
	if err := os.WriteFile(xz, []byte(module+mark), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := exec.Command("xz", "--check=crc32", xz).Run(); err != nil {
		t.Fatal(err)
	}
	if got, err := File(xz + ".xz"); err != nil || !got {
		t.Errorf("xz: %v, %v", got, err)
	}
	if _, err := File(xz + ".none"); err == nil {
		t.Error("no file, and no error")
	}
}

func TestWanted(t *testing.T) {
	const vars = "sys/firmware/efi/efivars/"
	on, off := "\x06\x00\x00\x00\x01", "\x06\x00\x00\x00\x00"
	debian := map[string]string{"CONFIG_MODULE_SIG": "y", "CONFIG_LOCK_DOWN_IN_EFI_SECURE_BOOT": "y"}
	for _, c := range []struct {
		name   string
		files  map[string]string
		config map[string]string
		want   string
	}{
		{"no UEFI", nil, debian, ""},
		{"forced", nil, map[string]string{"CONFIG_MODULE_SIG_FORCE": "y"}, "it was built with CONFIG_MODULE_SIG_FORCE"},
		{"Secure Boot", map[string]string{vars + secureBoot: on, vars + setupMode: off}, debian, "Secure Boot is on"},
		{"Secure Boot, a kernel whose headers are not here", map[string]string{vars + secureBoot: on}, nil, "Secure Boot is on"},
		{"Secure Boot, a kernel that does not care", map[string]string{vars + secureBoot: on}, map[string]string{"CONFIG_MODULE_SIG": "y"}, ""},
		{"Secure Boot off", map[string]string{vars + secureBoot: off}, debian, ""},
		{"setup mode", map[string]string{vars + secureBoot: on, vars + setupMode: on}, debian, ""},
		{"shim does not check", map[string]string{vars + secureBoot: on, vars + shimOff[1]: on}, debian, ""},
		{"shim checks", map[string]string{vars + secureBoot: on, vars + shimOff[0]: off}, debian, "Secure Boot is on"},
		{"a variable without a value", map[string]string{vars + secureBoot: "\x06\x00\x00\x00"}, debian, ""},
		{"sig_enforce", map[string]string{"sys/module/module/parameters/sig_enforce": "Y\n"}, debian, "module.sig_enforce is set"},
		{"no sig_enforce", map[string]string{"sys/module/module/parameters/sig_enforce": "N\n"}, debian, ""},
		{"lockdown", map[string]string{"sys/kernel/security/lockdown": "none [integrity] confidentiality\n"}, debian, "the kernel is locked down"},
		{"no lockdown", map[string]string{"sys/kernel/security/lockdown": "[none] integrity confidentiality\n"}, debian, ""},
		{"the command line", map[string]string{"proc/cmdline": "root=/dev/sda1 module.sig-enforce quiet\n"}, debian, "module.sig_enforce is set"},
		{"the command line, 1", map[string]string{"proc/cmdline": "module.sig_enforce=1"}, debian, "module.sig_enforce is set"},
		{"the command line, 0", map[string]string{"proc/cmdline": "module.sig_enforce=0 lockdown=none xlockdown=integrity"}, debian, ""},
		{"the command line, lockdown", map[string]string{"proc/cmdline": "lockdown=confidentiality"}, debian, "the kernel is locked down"},
	} {
		t.Run(c.name, func(t *testing.T) {
			root := t.TempDir()
			for name, text := range c.files {
				if err := os.MkdirAll(filepath.Dir(filepath.Join(root, name)), 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(filepath.Join(root, name), []byte(text), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if got := (Machine{root}).Wanted(c.config); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}
