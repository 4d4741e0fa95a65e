package vm

import (
	"bytes"
	"testing"
)

func TestInit(t *testing.T) {
	var a Archive
	a.Init("echo here\n")
	for _, want := range []string{"#!/bin/busybox sh\n", "mount -t devtmpfs dev /dev\necho here\npoweroff -f\n"} {
		if !bytes.Contains(a.Bytes(), []byte(want)) {
			t.Errorf("no %q in %q", want, a.Bytes())
		}
	}
}
