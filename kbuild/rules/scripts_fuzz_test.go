package rules

import (
	"strings"
	"testing"
)

// FuzzBeyond: what is told of a maintainer script is a line of it, and told of that line alone as well.
func FuzzBeyond(f *testing.F) {
	f.Add("#!/bin/sh\nset -e\ncase \"$1\" in configure) depmod -a ;; esac\n")
	f.Add("#!/bin/sh\r\nrm -rf /\r\n")
	f.Fuzz(func(t *testing.T, script string) {
		line := Beyond(script)
		if !strings.Contains(script, line) || strings.Contains(line, "\n") || Beyond(line) != line {
			t.Errorf("%q", line)
		}
	})
}
