package sweep

import (
	"slices"
	"testing"
)

// What a serial line shows: the kernel's lines stand between ours, and the last machine is gone before its answer.
const console = "Linux version 6.1\r\n" +
	"[    1.0] WARNING: CPU: 0 PID: 1 at boot\r\n" +
	"mago: begin fine\r\n[    2.1] fine: loading out-of-tree module taints kernel.\r\nmago: end fine \r\n" +
	"mago: begin gone\r\nmago: end gone insmod: can't insert '/lib/gone.ko': No such device\r\n" +
	"mago: begin alien\r\n[    2.3] alien: Unknown symbol other (err -2)\r\nmago: end alien insmod: can't insert '/lib/alien.ko': unknown symbol in module, or unknown parameter\r\n" +
	"mago: begin busy\r\nmago: end busy insmod: can't insert '/lib/busy.ko': Device or resource busy\r\n" +
	"mago: begin lone\r\n[    2.3] lone: there is no NAT\r\n[    2.3] lone: module verification failed, taints kernel\r\n" +
	"mago: end lone insmod: can't insert '/lib/lone.ko': Invalid argument\r\n" +
	"mago: begin late\r\nmago: end late \r\n[    2.35] Call Trace:\r\n" +
	"mago: begin talks\r\nmago: end talks [    2.39] talks: inserted\r\n" +
	"mago: begin odd\r\n[    2.4] WARNING: CPU: 0 PID: 9 at x.c:1\r\n[    2.4] Call Trace:\r\nmago: end odd \r\n" +
	"mago: begin ill\r\n[    2.4] BUG: kernel NULL pointer dereference\r\nmago: end ill killed\r\n" +
	"mago: begin fatal\r\n[    2.5] Kernel panic - not syncing: fatal\r\n"

func TestReadConsole(t *testing.T) {
	want := []answer{
		{"fine", loaded, ""},
		{"gone", noDevice, "insmod: can't insert '/lib/gone.ko': No such device"},
		{"alien", refused, "alien: Unknown symbol other (err -2)"},
		{"busy", declined, "insmod: can't insert '/lib/busy.ko': Device or resource busy"},
		{"lone", declined, "lone: there is no NAT"},
		{"late", oops, "Call Trace:"},
		{"talks", loaded, ""},
		{"odd", warned, "WARNING: CPU: 0 PID: 9 at x.c:1"},
		{"ill", oops, "BUG: kernel NULL pointer dereference"},
		{"fatal", panicked, "Kernel panic - not syncing: fatal"},
	}
	if got := readConsole(console); !slices.Equal(got, want) {
		t.Errorf("readConsole =\n%q, want\n%q", got, want)
	}
	if got := readConsole("no init\r\n"); len(got) != 0 {
		t.Errorf("a console without modules has answers: %q", got)
	}
}

func TestLoadsWell(t *testing.T) {
	for load, want := range map[string]bool{loaded: true, noDevice: true, warned: true, declined: true, refused: false, oops: false, panicked: false} {
		if got := loadsWell([]answer{{Load: loaded}, {Load: load}}); got != want {
			t.Errorf("loadsWell with one that is %s = %v", load, got)
		}
	}
}

// A module that needs another one's symbols cannot load where that one finds nothing to drive; it is no worse than that one.
func TestExcuse(t *testing.T) {
	order := []module{{name: "ec"}, {name: "smapi", depends: []string{"ec"}}, {name: "other", depends: []string{"video"}}, {name: "fs", depends: []string{"card"}}}
	got := excuse([]answer{
		{Module: "ec", Load: noDevice}, {Module: "smapi", Load: refused, Said: "smapi: Unknown symbol ec_read"}, {Module: "other", Load: refused, Said: "other: Unknown symbol x"},
		{Module: "fs", Load: refused, Said: "fs: Unknown symbol y"},
	}, order, map[string]bool{"card": true, "video": false})
	if got[1].Load != noDevice || got[1].Said != "needs ec" || got[2].Load != refused || got[3].Said != "needs card" {
		t.Errorf("got %+v", got)
	}
}
