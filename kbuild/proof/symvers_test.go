package proof

import (
	"errors"
	"io"
	"strings"
	"syscall"
	"testing"
	"testing/iotest"
)

func TestReadSymvers(t *testing.T) {
	for name, test := range map[string]struct {
		line string
		want Export
	}{
		"kernel":             {"0x4c9d28b0\ta\tvmlinux\tEXPORT_SYMBOL\t", Export{CRC: 0x4c9d28b0, Module: "vmlinux"}},
		"module, namespace":  {"0x00000001\ta\tdrivers/cxl/core\tEXPORT_SYMBOL_GPL\tCXL", Export{CRC: 1, Module: "core"}},
		"before Linux 5.4":   {"0x00000002\ta\tdrivers/net/mii\tEXPORT_SYMBOL_GPL", Export{CRC: 2, Module: "mii"}},
		"Linux 5.4":          {"0x00000003\ta\tUSB\tdrivers/usb/core\tEXPORT_SYMBOL_NS", Export{CRC: 3, Module: "core"}},
		"out of tree":        {"0x00000004\ta\t/b/dkms/x/build/x\tEXPORT_SYMBOL\t", Export{CRC: 4, Module: "x"}},
		"no CRC":             {"0x00000000\ta\tvmlinux\tEXPORT_SYMBOL\t", Export{Module: "vmlinux"}},
		"the first one wins": {"0x00000005\ta\tx\tEXPORT_SYMBOL\t\n0x00000006\ta\ty\tEXPORT_SYMBOL\t", Export{CRC: 5, Module: "x"}},
	} {
		t.Run(name, func(t *testing.T) {
			exports, err := ReadSymvers(strings.NewReader(test.line + "\n"))
			got := exports["a"]
			got.Line = ""
			if err != nil || len(exports) != 1 || got != test.want {
				t.Errorf("got %+v, %v, want %+v", exports, err, test.want)
			}
		})
	}
}

// TestReadSymversHalf: half a line is not what is wrong with a file that cannot be read further.
func TestReadSymversHalf(t *testing.T) {
	_, err := ReadSymvers(io.MultiReader(strings.NewReader("0x00000001\ta"), iotest.ErrReader(syscall.EIO)))
	if !errors.Is(err, syscall.EIO) {
		t.Errorf("got %v", err)
	}
}

func TestReadSymversRefuses(t *testing.T) {
	const good = "0x00000001\ta\tvmlinux\tEXPORT_SYMBOL\t\n"
	for name, test := range map[string]struct{ text, want string }{
		"empty line":   {good + "\n", "line 2: not a line"},
		"no type":      {"0x00000001\ta\tvmlinux\n", "line 1: not a line"},
		"no symbol":    {"0x00000001\t\tvmlinux\tEXPORT_SYMBOL\n", "line 1: not a line"},
		"no CRC":       {"zzz\ta\tvmlinux\tEXPORT_SYMBOL\n", `line 1: "zzz" is not a CRC`},
		"a large CRC":  {"0x100000000\ta\tvmlinux\tEXPORT_SYMBOL\n", `line 1: "0x100000000" is not a CRC`},
		"endless line": {good + strings.Repeat("x", symversLineLimit), "too long"},
	} {
		t.Run(name, func(t *testing.T) {
			exports, err := ReadSymvers(strings.NewReader(test.text))
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, %v, want %q", exports, err, test.want)
			}
		})
	}
}

func FuzzReadSymvers(f *testing.F) {
	f.Add("0x00000003\ta\tUSB\tdrivers/usb/core\tEXPORT_SYMBOL_NS\n")
	f.Add("0x4c9d28b0\tphys_base\tvmlinux\tEXPORT_SYMBOL\t\n")
	f.Fuzz(func(t *testing.T, text string) {
		exports, err := ReadSymvers(strings.NewReader(text))
		if err != nil {
			return
		}
		for name, export := range exports {
			again, err := ReadSymvers(strings.NewReader(export.Line))
			if err != nil || again[name] != export {
				t.Errorf("%q reads again as %+v, %v", export.Line, again, err)
			}
		}
	})
}
