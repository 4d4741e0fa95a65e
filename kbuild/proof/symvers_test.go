package proof

import (
	"errors"
	"io"
	"maps"
	"strings"
	"syscall"
	"testing"
	"testing/iotest"

	"mago/debpkg/word"
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
			exports, err := ReadSymvers(strings.NewReader(test.line+"\n"), nil)
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
	_, err := ReadSymvers(io.MultiReader(strings.NewReader("0x00000001\ta"), iotest.ErrReader(syscall.EIO)), nil)
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
			exports, err := ReadSymvers(strings.NewReader(test.text), nil)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, %v, want %q", exports, err, test.want)
			}
		})
	}
}

// TestSought: of what is listed, only that is read which modules look up, or that a module exports which they depend on.
func TestSought(t *testing.T) {
	const text = "0x00000001\twanted\tvmlinux\tEXPORT_SYMBOL\t\n" +
		"0x00000002\tother\tvmlinux\tEXPORT_SYMBOL\t\n" +
		"0x00000003\tmay_be\tdrivers/net/a\tEXPORT_SYMBOL\t\n" +
		"0x00000004\tversioned\tdrivers/net/b\tEXPORT_SYMBOL\t\n" +
		"0x00000005\tof_core\tdrivers/own-core\tEXPORT_SYMBOL\t\n"
	modules := []Module{{Wants: []string{"wanted"}, Weak: []string{"may_be"}}, {Versions: map[string]uint32{"versioned": 4}, Depends: []word.Module{word.Must(word.ParseModule("own_core"))}}}
	got, err := ReadSymvers(strings.NewReader(text), SoughtBy(modules))
	want, all := Exports{}, Exports{}
	for line := range strings.Lines(text) {
		l, _ := parseSymvers(strings.TrimSuffix(line, "\n"))
		if all[l.symbol] = l.export(); l.symbol != "other" {
			want[l.symbol] = l.export()
		}
	}
	if err != nil || !maps.Equal(got, want) {
		t.Errorf("got %v, %v, want %v", got, err, want)
	}
	if got, err := ReadSymvers(strings.NewReader(text), nil); err != nil || !maps.Equal(got, all) {
		t.Errorf("of all: got %v, %v, want %v", got, err, all)
	}
	if _, err := ReadSymvers(strings.NewReader(text+"what\n"), SoughtBy(nil)); err == nil || !strings.HasPrefix(err.Error(), "line 6: ") {
		t.Errorf("a line that is none: got %v", err)
	}
}

func FuzzReadSymvers(f *testing.F) {
	f.Add("0x00000003\ta\tUSB\tdrivers/usb/core\tEXPORT_SYMBOL_NS\n")
	f.Add("0x4c9d28b0\tphys_base\tvmlinux\tEXPORT_SYMBOL\t\n")
	f.Fuzz(func(t *testing.T, text string) {
		exports, err := ReadSymvers(strings.NewReader(text), nil)
		if err != nil {
			return
		}
		for name, export := range exports {
			again, err := ReadSymvers(strings.NewReader(export.Line), nil)
			if err != nil || again[name] != export {
				t.Errorf("%q reads again as %+v, %v", export.Line, again, err)
			}
		}
	})
}
