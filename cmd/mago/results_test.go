package main

import (
	"errors"
	"strings"
	"testing"

	"mago/cmd/mago/internal/engine"
)

func failure(module, kernel, text string) engine.UnitResult {
	return engine.UnitResult{Unit: engine.UnitID{Module: module, Kernel: kernel}, State: engine.ResultFailed, Err: errors.New("build " + module + " for " + kernel + ": " + text)}
}

// TestCauses: what is the same but for the unit is told once, and for which other units.
func TestCauses(t *testing.T) {
	results := []engine.UnitResult{
		failure("v4l2loopback", "6.1.0-55-amd64", "a.c:1: error: no foo"),
		failure("v4l2loopback", "6.1.0-56-amd64", "a.c:1: error: no foo"),
		failure("v4l2loopback", "6.12.1-amd64", "a.c:2: error: no bar in 6.12.1-amd64"),
		failure("v4l2loopback", "6.12.2-amd64", "a.c:2: error: no bar in 6.12.2-amd64"),
		failure("jool", "6.1.0-55-amd64", "gcc-12 is missing"),
		failure("evdi", "6.1.0-55-amd64", "gcc-12 is missing"),
		{Unit: engine.UnitID{Module: "upper", Kernel: "6.1.0-55-amd64"}, State: engine.ResultSkipped, Err: errors.New("upper for 6.1.0-55-amd64 needs jool: no")},
		{Unit: engine.UnitID{Module: "zfs", Kernel: "6.1.0-55-amd64"}, State: engine.ResultBuilt, Deb: "/var/cache/mago/debs/zfs.deb"},
	}
	var told []string
	for _, c := range causes(results) {
		told = append(told, c.err.Error()+" | "+c.also())
	}
	want := `build v4l2loopback for 6.1.0-55-amd64: a.c:1: error: no foo | 6.1.0-56-amd64
build v4l2loopback for 6.12.1-amd64: a.c:2: error: no bar in 6.12.1-amd64 | 6.12.2-amd64
build jool for 6.1.0-55-amd64: gcc-12 is missing | evdi 6.1.0-55-amd64`
	if got := strings.Join(told, "\n"); got != want {
		t.Errorf("got\n%s", got)
	}
	if got := totals(results); got != "1 built, 6 failed, 1 skipped; packages in /var/cache/mago/debs" {
		t.Errorf("in all: %s", got)
	}
}

func TestReason(t *testing.T) {
	unit := engine.UnitID{Module: "zfs", Kernel: "6.1"}
	for text, want := range map[string]string{
		"build zfs for 6.1: a.c:1: error: no": "a.c:1: error: no",
		"zfs for 6.1 needs spl: no":           "needs spl: no",
		"build zfs for 6.12: no":              "build zfs for 6.12: no",
		"the disk is full":                    "the disk is full",
	} {
		if got := reason(errors.New(text), unit); got != want {
			t.Errorf("reason(%s) = %s, want %s", text, got, want)
		}
	}
}

// TestAdviceOfMany: modules of one kernel are loaded by one command.
func TestAdviceOfMany(t *testing.T) {
	var s summary
	for _, text := range []string{"sudo modprobe zfs", "boot Linux 6.12, then sudo modprobe zfs", "sudo modprobe jool", "boot Linux 6.12, then sudo modprobe jool", "sudo modprobe zfs", "sudo modprobe MODULE, one of a, b"} {
		s.advise(engine.Event{Kind: engine.Advice, Phase: "next", Text: text})
	}
	var told []string
	for _, step := range s.next {
		told = append(told, step.String())
	}
	want := "next: sudo modprobe -a jool zfs\nnext: boot Linux 6.12, then sudo modprobe -a jool zfs\nnext: sudo modprobe MODULE, one of a, b"
	if got := strings.Join(told, "\n"); got != want {
		t.Errorf("got\n%s", got)
	}
}
