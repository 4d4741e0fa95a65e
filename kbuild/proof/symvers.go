package proof

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"path"
	"strconv"
	"strings"
)

// Export is a symbol that a kernel or a module offers to other modules.
type Export struct {
	CRC    uint32 // of its interface; 0: none is known (genksyms gave none, or CONFIG_MODVERSIONS is not set)
	Module string // "vmlinux", or the name of the module's file without directory and .ko
	Line   string // as Module.symvers has it, with Module for the module's path
}

// Exports are symbols by name.
type Exports map[string]Export

// The longest line that modpost writes has a symbol and a namespace of 512 bytes each and a path; a kernel's file is
// some 2 MB.
const (
	symversLineLimit = 16 << 10
	symversLimit     = 64 << 20
)

// ReadSymvers reads a Module.symvers, as the kernel's Documentation/kbuild/modules.rst has it. Of a symbol that is
// listed twice the first counts.
func ReadSymvers(r io.Reader) (Exports, error) {
	exports := Exports{}
	limited := &io.LimitedReader{R: r, N: symversLimit + 1}
	lines := bufio.NewScanner(limited)
	lines.Buffer(nil, symversLineLimit)
	for number := 1; lines.Scan(); number++ {
		name, export, err := parseSymvers(lines.Text())
		if lines.Err() != nil {
			return nil, lines.Err() // and half a line
		}
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", number, err)
		}
		if _, twice := exports[name]; !twice {
			exports[name] = export
		}
	}
	if limited.N == 0 {
		return nil, fmt.Errorf("more than %d bytes", symversLimit)
	}
	return exports, lines.Err()
}

// parseSymvers reads crc, symbol, module, type and namespace, parted by tabs. Linux 5.4 to 5.6 had the namespace before
// the module, those before had none; so the type, the one column with a name of its own, tells where the module is.
func parseSymvers(line string) (name string, export Export, err error) {
	columns := strings.Split(line, "\t")
	kind := 0
	for i := 3; i < min(len(columns), 5) && kind == 0; i++ {
		if strings.HasPrefix(columns[i], "EXPORT_") {
			kind = i
		}
	}
	if kind == 0 || columns[1] == "" {
		return "", Export{}, errors.New("not a line of a Module.symvers")
	}
	crc, err := strconv.ParseUint(strings.TrimPrefix(columns[0], "0x"), 16, 32)
	if err != nil {
		return "", Export{}, fmt.Errorf("%q is not a CRC", columns[0])
	}
	columns[kind-1] = path.Base(columns[kind-1])
	return columns[1], Export{CRC: uint32(crc), Module: columns[kind-1], Line: strings.Join(columns, "\t")}, nil
}
