package engine

import (
	"testing"

	"mago/cmd/mago/internal/store"
)

// TestWithoutCopies: a trial's packages are copied nowhere, and the engine that tries keeps its own options.
func TestWithoutCopies(t *testing.T) {
	o := Options{ModuleOptions: ModuleOptions{Dest: "/all"}, Modules: map[string]ModuleOptions{"hello": {Dest: "/hello", Maintainer: "A"}}}
	trial := o.withoutCopies()
	if trial.Dest != "" || trial.Of("hello").Dest != "" || trial.Of("hello").Maintainer != "A" {
		t.Errorf("a trial has %+v", trial)
	}
	if o.Of("other").Dest != "/all" || o.Of("hello").Dest != "/hello" {
		t.Errorf("the engine's own are %+v", o)
	}
}

// TestConfiguredAnew compares what the configuration says with what a build had; a record without inputs tells nothing.
func TestConfiguredAnew(t *testing.T) {
	option := func(name, value string) store.Input { return store.Input{Role: asOption, Name: name, Version: value} }
	for name, test := range map[string]struct {
		had  []store.Input
		now  ModuleOptions
		want string
	}{
		"nothing":    {[]store.Input{option("mago", "1")}, ModuleOptions{Maintainer: "A"}, ""},
		"the same":   {[]store.Input{option(makeArguments, "V=1 'a b'")}, ModuleOptions{MakeArguments: []string{"V=1", "a b"}}, ""},
		"new":        {nil, ModuleOptions{Early: Yes}, "Early-Boot is yes, the build had none"},
		"another":    {[]store.Input{option(dkmsVariables, "A=1")}, ModuleOptions{Variables: []string{"A=2"}}, "Dkms-Variables is A=2, the build used A=1"},
		"taken back": {[]store.Input{option(makeArguments, "V=1")}, ModuleOptions{}, "the build had Make-Arguments V=1, and now there is none"},
	} {
		o := Options{Modules: map[string]ModuleOptions{"hello": test.now}}
		if got := o.configuredAnew(store.Record{Format: store.Format, Module: "hello", Inputs: test.had}); got != test.want {
			t.Errorf("%s: got %q, want %q", name, got, test.want)
		}
		if got := o.configuredAnew(store.Record{Module: "hello", Inputs: test.had}); got != "" {
			t.Errorf("%s: a record of no format says %q", name, got)
		}
	}
}
