package engine

import (
	"strings"
	"testing"

	"mago/catalog"
	"mago/cmd/mago/internal/store"
	"mago/debpkg/apt"
	"mago/debpkg/word"
	"mago/kbuild/kernel"
	"mago/sources"
)

// One function says what is due, of the unit, its record and what dpkg has.
func TestDue(t *testing.T) {
	u := unit{target{name: "hello", version: "1.0-1", pkg: &catalog.Package{Name: word.Must(word.ParsePackage("hello-dkms"))}}, kernel.Kernel{Release: "6.1.0-9-amd64", Version: "6.1.27-1"}}
	const version = "1.0-1+6.1.27-1"
	tool := func(version string) []store.Input {
		return []store.Input{{Role: asTool, Name: "gcc-12", Version: version}}
	}
	built := store.Record{Format: store.Format, Result: store.Built, Version: version, SHA256: "ab", Current: "ab", Source: store.Source{Package: "hello-dkms"}}
	there := situation{record: built, recorded: true, vouched: true, whole: func() bool { return true }, chosen: func() string { return "" }, have: apt.Installed{Version: version}, counts: true}
	for _, test := range []struct {
		name           string
		change         func(*unit, *situation)
		goal           Goal
		build, install bool
		why            string
	}{
		{"all is there", func(*unit, *situation) {}, Installed, false, false, "is there"},
		{"not installed", func(_ *unit, s *situation) { s.have = apt.Installed{} }, Installed, false, true, "its package is built"},
		{"nothing known", func(_ *unit, s *situation) {
			s.have, s.record, s.recorded = apt.Installed{}, store.Record{}, false
		}, Installed, true, true, "not installed"},
		{"to build alone", func(_ *unit, s *situation) { s.record, s.recorded = store.Record{}, false }, Built, true, false, "not built"},
		{"built", func(*unit, *situation) {}, Built, false, false, "its package is built"},
		{"older", func(u *unit, _ *situation) { u.version = "1.1-1" }, Installed, true, true, "1.0-1+6.1.27-1 is installed, 1.1-1+6.1.27-1 can be"},
		{"-n", func(u *unit, s *situation) { u.version, s.NoRebuild = "1.1-1", true }, Installed, false, false, "its package is built"},
		{"-f", func(_ *unit, s *situation) { s.Force = true }, Installed, true, true, "anew"},
		{"unchecked", func(_ *unit, s *situation) { s.counts, s.vouched = false, false }, Installed, true, true, "no checked signature"},
		{"edited", func(_ *unit, s *situation) { s.record.Source.Edited = true }, Installed, false, false, "its package is built"},
		{"the other package", func(_ *unit, s *situation) { s.record.Source.Package = "hello-source" }, Installed, false, false, "is there"},
		{"named exactly", func(u *unit, s *situation) { u.exact, s.record.Source.Package = true, "hello-source" }, Installed, false, false, "its package is built"},
		{"another source", func(u *unit, _ *situation) { u.digest = "cd" }, Installed, true, true, "the source is another"},
		{"another directory with the same content", func(u *unit, s *situation) {
			u.pkg, u.digest, u.tree = nil, "cd", &sources.Tree{Origin: sources.Directory, Dir: "/usr/src/hello-1.0"}
			s.record.Source = store.Source{Origin: "directory", Path: "/home/alice/hello-1.0", SHA256: "cd"}
		}, Installed, true, true, "built from /home/alice/hello-1.0"},
		{"a closed directory with the same content", func(u *unit, s *situation) {
			u.pkg, u.digest, u.tree = nil, "cd", &sources.Tree{Origin: sources.Directory, Dir: "/usr/src/hello-1.0"}
			s.record.Source = store.Source{Origin: "directory", Path: "/root/hello-1.0", SHA256: "cd", Closed: true}
		}, Installed, false, false, "is there"},
		{"the same directory", func(u *unit, s *situation) {
			u.pkg, u.digest, u.tree = nil, "cd", &sources.Tree{Origin: sources.Directory, Dir: "/usr/src/hello-1.0"}
			s.record.Source = store.Source{Origin: "directory", Path: "/usr/src/hello-1.0", SHA256: "cd"}
		}, Installed, false, false, "is there"},
		{"common files gone", func(_ *unit, s *situation) { s.lacksCommon = true }, Installed, false, true, "its package is built"},
		{"built with other tools", func(_ *unit, s *situation) {
			s.now = keyed{"k2", tool("2")}
			s.record.Key, s.record.Inputs = "k1", tool("1")
		}, Built, true, false, "gcc-12 is 2, the build used 1"},
		{"of the same key", func(_ *unit, s *situation) {
			s.now = keyed{"k1", tool("1")}
			s.record.Key, s.record.Inputs = "k1", tool("1")
		}, Built, false, false, "its package is built"},
		{"with other tools, and -n", func(_ *unit, s *situation) { s.now, s.record.Key, s.NoRebuild = keyed{"k2", tool("2")}, "k1", true }, Built, false, false, "its package is built"},
		{"of a key that cannot be compared", func(_ *unit, s *situation) { s.now, s.record.Key, s.record.Format = keyed{"k2", tool("2")}, "k1", 2 }, Built, false, false, "its package is built"},
		{"of no key", func(_ *unit, s *situation) { s.now, s.record.Format = keyed{"k2", tool("2")}, 1 }, Built, false, false, "its package is built"},
		{"installed, and other tools", func(_ *unit, s *situation) { s.now, s.record.Key = keyed{"k2", tool("2")}, "k1" }, Installed, false, false, "is there"},
		{"installed, and another setting", func(_ *unit, s *situation) {
			s.now, s.record.Key, s.chosen = keyed{"k2", nil}, "k1", func() string { return "/etc/dkms/hello.conf is gone" }
		}, Installed, true, true, "/etc/dkms/hello.conf is gone"},
		{"installed, and another setting, when no more is known yet", func(_ *unit, s *situation) {
			s.chosen = func() string { return "Early-Boot is yes, the build had none" }
		}, Installed, true, true, "Early-Boot is yes"},
		{"package gone", func(_ *unit, s *situation) { s.have, s.whole = apt.Installed{}, func() bool { return false } }, Installed, true, true, "not installed"},
	} {
		u, s := u, there
		test.change(&u, &s)
		if d := due(u, test.goal, s); d.Build != test.build || d.Install != test.install || !strings.Contains(d.Why, test.why) {
			t.Errorf("%s: %+v", test.name, d)
		}
	}
}
