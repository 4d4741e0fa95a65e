package engine

import (
	"strings"
	"testing"

	"mago/catalog"
)

func TestMaintainer(t *testing.T) {
	for _, c := range []struct{ env, source, want string }{
		{"", "A Person <person@example.org>", "A Person <person@example.org>"},
		{"", "", "Local Administrator <nobody@mago.invalid>"},
		{"KMAINT=Me", "A Person <person@example.org>", "A Person <person@example.org>"}, // half a name is none
		{"DEBFULLNAME=Me DEBEMAIL=me@x", "A Person <person@example.org>", "Me <me@x>"},
		{"DEBNAME=Me DEBEMAIL=me@x", "", "Me <me@x>"},
		{"KMAINT=K KEMAIL=k@x DEBFULLNAME=Me DEBEMAIL=me@x", "A Person <person@example.org>", "K <k@x>"},
	} {
		env := map[string]string{}
		for assignment := range strings.FieldsSeq(c.env) {
			name, value, _ := strings.Cut(assignment, "=")
			env[name] = value
		}
		a := newEngine(&base{Options: Options{ModuleOptions: ModuleOptions{Maintainer: MaintainerIn(func(name string) string { return env[name] })}}})
		if got := a.build.maintainerOf(target{pkg: &catalog.Package{Maintainer: c.source}}); got != c.want {
			t.Errorf("%+v: got %s", c, got)
		}
	}
}
