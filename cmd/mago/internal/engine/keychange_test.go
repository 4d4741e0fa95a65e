package engine

import (
	"testing"

	"mago/cmd/mago/internal/store"
)

// TestChanged: of several inputs that differ, the one that the user can do most about is told.
func TestChanged(t *testing.T) {
	source, headers := store.Input{Role: asSource, Name: "hello", Version: "1.0", SHA256: "aa"}, store.Input{Role: asKernel, Name: "6.1.0-9-amd64", Version: "6.1.27-1", SHA256: "bb"}
	conf, date := store.Input{Role: asSettings, Name: "/etc/dkms/hello.conf", SHA256: "cc"}, store.Input{Role: asOption, Name: "the date", Version: "1970"}
	lower, gcc := store.Input{Role: asModule, Name: "lower", Version: "1", SHA256: "dd"}, store.Input{Role: asTool, Name: "gcc-12", Version: "12.2.0-14+deb12u1", SHA256: "ee"}
	had := []store.Input{source, headers, conf, date, lower, gcc}
	for want, change := range map[string]func(all []store.Input) []store.Input{
		"": func(all []store.Input) []store.Input { return []store.Input{gcc, lower, date, conf, headers, source} },
		"the source is another than that of what is built":           func(all []store.Input) []store.Input { all[0].SHA256, all[5].Version = "a2", "13"; return all },
		"the headers of 6.1.0-9-amd64 are others than the build had": func(all []store.Input) []store.Input { all[1].SHA256 = "b2"; return all },
		"/etc/dkms/hello.conf has changed since":                     func(all []store.Input) []store.Input { all[2].SHA256, all[5].Version = "c2", "13"; return all },
		"/etc/dkms/hello.conf is gone":                               func(all []store.Input) []store.Input { return append(all[:2:2], all[3:]...) },
		"the build had no /etc/dkms/hello-1.0.conf": func(all []store.Input) []store.Input {
			return append(all, store.Input{Role: asSettings, Name: "/etc/dkms/hello-1.0.conf"})
		},
		"the date is 1971, the build used 1970":                         func(all []store.Input) []store.Input { all[3].Version = "1971"; return all },
		"the build had the date 1970, and now there is none":            func(all []store.Input) []store.Input { return append(all[:3:3], all[4:]...) },
		"lower is 2, the build used 1":                                  func(all []store.Input) []store.Input { all[4].Version = "2"; return all },
		"lower is another than the build used":                          func(all []store.Input) []store.Input { all[4].SHA256 = "d2"; return all },
		"gcc-12 is 12.2.0-14+deb12u2, the build used 12.2.0-14+deb12u1": func(all []store.Input) []store.Input { all[5].Version = "12.2.0-14+deb12u2"; return all },
		"gcc-12 is another than the build used":                         func(all []store.Input) []store.Input { all[5].SHA256 = "e2"; return all },
		"the build had no gcc-13":                                       func(all []store.Input) []store.Input { all[5].Name = "gcc-13"; return all },
		"the build used make":                                           func(all []store.Input) []store.Input { return all },
	} {
		before := had
		if want == "the build used make" {
			before = append(had[:6:6], store.Input{Role: asTool, Name: "make"})
		}
		if got := changed(change(append([]store.Input{}, had...)), before); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
