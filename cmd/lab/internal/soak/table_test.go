package soak

import (
	"strings"
	"testing"
)

func TestTable(t *testing.T) {
	kills, disks := &tally{part: "kills", runs: 3, stderr: t.Output()}, &tally{part: "disks", runs: 1}
	disks.note("exit 15")
	kills.add("kills 1", []finding{{corrupted, "a package"}, {left, "work"}, {left, "more"}})
	var out strings.Builder
	table(&out, []*tally{kills, disks})
	want := "\n| part | runs | lost | corrupted | left over | escapes |\n|---|---|---|---|---|---|\n" +
		"| kills | 3 | 0 | 1 | 2 | 0 |\n| disks | 1 | 0 | 0 | 0 | 0 |\n\ndisks: exit 15 1\n"
	if out.String() != want {
		t.Errorf("got %s\nwant %s", out.String(), want)
	}
	if !kills.bad() || disks.bad() {
		t.Errorf("bad: kills %v, disks %v", kills.bad(), disks.bad())
	}
}

func TestDescendsFrom(t *testing.T) {
	all := []process{{2, 1, "apt-get"}, {3, 2, "sh"}, {4, 3, "dpkg-deb"}, {5, 1, "make"}}
	for _, p := range all {
		if got, want := descendsFrom(all, p, tools), p.name != "make"; got != want {
			t.Errorf("%v goes on without mago: %v", p, got)
		}
	}
}
