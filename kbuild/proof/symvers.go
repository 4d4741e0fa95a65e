package proof

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"maps"
	"path"
	"slices"
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

// Sought is what modules have a kernel look up.
type Sought struct{ symbols, modules map[string]bool }

// SoughtBy gives the symbols that modules use, and the modules that they depend on.
func SoughtBy(modules []Module) *Sought {
	s := &Sought{map[string]bool{}, map[string]bool{}}
	for _, m := range modules {
		for _, symbols := range []iter.Seq[string]{slices.Values(m.Wants), slices.Values(m.Weak), maps.Keys(m.Versions)} {
			for symbol := range symbols {
				s.symbols[symbol] = true
			}
		}
		for _, name := range m.Depends {
			s.modules[Canonical(name.String())] = true
		}
	}
	return s
}

// has reports whether a line is sought; nil seeks all.
func (s *Sought) has(l symversLine) bool {
	return s == nil || s.symbols[l.symbol] || len(s.modules) > 0 && s.modules[Canonical(path.Base(l.module))]
}

// ReadSymvers reads from a Module.symvers, as the kernel's Documentation/kbuild/modules.rst has it, what is sought; nil: all.
// Of a symbol that is listed twice the first counts.
func ReadSymvers(r io.Reader, sought *Sought) (Exports, error) {
	var text strings.Builder
	if file, ok := r.(interface{ Stat() (fs.FileInfo, error) }); ok {
		if info, err := file.Stat(); err == nil {
			text.Grow(int(min(info.Size(), symversLimit) + 1))
		}
	}
	if n, err := io.Copy(&text, io.LimitReader(r, symversLimit+1)); err != nil {
		return nil, err
	} else if n > symversLimit {
		return nil, fmt.Errorf("more than %d bytes", symversLimit)
	}
	exports, number := Exports{}, 0
	for line := range strings.Lines(text.String()) {
		number++
		if len(line) >= symversLineLimit {
			return nil, fmt.Errorf("line %d: %w", number, bufio.ErrTooLong)
		}
		line = strings.TrimSuffix(strings.TrimSuffix(line, "\n"), "\r")
		l, err := parseSymvers(line)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", number, err)
		}
		if _, twice := exports[l.symbol]; !twice && sought.has(l) {
			exports[strings.Clone(l.symbol)] = l.export()
		}
	}
	return exports, nil
}

// symversLine is a line of a Module.symvers.
type symversLine struct {
	before string // what comes before the module
	symbol string
	crc    uint32
	module string // the path of its file, mostly
	after  string // the rest of the line
}

// parseSymvers reads crc, symbol, module, type and namespace, parted by tabs. Linux 5.4 to 5.6 had the namespace before
// the module, those before had none; so the type, the one column with a name of its own, tells where the module is.
func parseSymvers(line string) (l symversLine, err error) {
	crc, rest, _ := strings.Cut(line, "\t")
	symbol, rest, _ := strings.Cut(rest, "\t")
	module, after, kind := strings.Cut(rest, "\tEXPORT_")
	if namespace, last, two := strings.Cut(module, "\t"); two && kind {
		kind, module = !strings.Contains(last, "\t") && !strings.HasPrefix(namespace, "EXPORT_"), last
	}
	if !kind || symbol == "" {
		return l, errors.New("not a line of a Module.symvers")
	}
	version, err := strconv.ParseUint(strings.TrimPrefix(crc, "0x"), 16, 32)
	if err != nil {
		return l, fmt.Errorf("%q is not a CRC", crc)
	}
	end := len(line) - len("\tEXPORT_") - len(after)
	return symversLine{line[:end-len(module)], symbol, uint32(version), module, line[end:]}, nil
}

// export keeps no part of the text that the line is in.
func (l symversLine) export() Export {
	module := strings.Clone(path.Base(l.module))
	return Export{CRC: l.crc, Module: module, Line: l.before + module + l.after}
}
