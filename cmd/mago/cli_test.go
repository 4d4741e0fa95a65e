package main

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"mago/cmd/mago/internal/engine"
)

func TestCommandLines(t *testing.T) {
	for line, want := range map[string][]string{
		"":                             {""},
		"--version":                    {"--version"},
		"-l":                           {"-l"},
		"list":                         {"list"},
		"list -l":                      {"list -l"},
		"-f list":                      {"list -f"},
		"-l running list":              {"list -l running"},
		"-lrunning list":               {"list -lrunning"},
		"-fl running list":             {"list -fl running"},
		"--kvers-list running list":    {"list --kvers-list running"},
		"--kvers-list=running list":    {"list --kvers-list=running"},
		"--userdir /srv list":          {"list --userdir /srv"},
		"--frobnicate list":            {"list --frobnicate"},
		"--wait a-i hello":             {"a-i hello --wait"},
		"-l a,b get,build hello,x":     {"get hello,x -l a,b", "build hello,x -l a,b"},
		"a-i hello -f other -l K more": {"a-i hello other more -f -l K"},
		"a-i hello -q -- -x other":     {"a-i -q -- hello -x other"},
		"a-i --":                       {"a-i"},
	} {
		var got []string
		for _, words := range commandLines(strings.Fields(line)) {
			got = append(got, strings.Join(words, " "))
		}
		if !slices.Equal(got, want) {
			t.Errorf("%q becomes %q, want %q", line, got, want)
		}
	}
}

// TestFlagsAreOfOneKind: valuedFlags knows no commands, so that a name takes a value with all of them or with none.
func TestFlagsAreOfOneKind(t *testing.T) {
	for _, flag := range everyFlag(grammar()) {
		for _, name := range flagNames(flag) {
			if valuedFlags()[name] == flag.IsBool() {
				t.Errorf("%s takes a value in one place only", name)
			}
		}
	}
}

func TestLists(t *testing.T) {
	for _, c := range []struct{ values, want []string }{
		{nil, nil},
		{[]string{"", " ,\n"}, nil},
		{[]string{"a,b c\td\ne"}, []string{"a", "b", "c", "d", "e"}},
		{[]string{"a", "b,c"}, []string{"a", "b", "c"}},
	} {
		if got := engine.Lists(c.values...); !slices.Equal(got, c.want) {
			t.Errorf("lists(%q) = %q, want %q", c.values, got, c.want)
		}
	}
}

func TestPaths(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", "/home/me/.cache")
	for _, c := range []struct {
		name   string
		o      options
		asRoot bool
		cache  string
	}{
		{"root", options{Root: "/"}, true, "/var/cache/mago"},
		{"user", options{Root: "/"}, false, "/home/me/.cache/mago"},
		{"another system", options{Root: "/srv/sid"}, false, "/srv/sid/var/cache/mago"},
		{"-u", options{Root: "/", UserDir: "/srv/me"}, true, "/srv/me"},
	} {
		p, err := newPaths(c.o, c.asRoot)
		if err != nil || p.Cache != c.cache {
			t.Errorf("%s: %+v, %v; want %s", c.name, p, err, c.cache)
		}
	}
	for _, dir := range []string{"/srv/me", "/srv/sidney", "/"} {
		if _, err := newPaths(options{Root: "/srv/sid", UserDir: dir}, true); err == nil {
			t.Errorf("-u %s is taken for a part of /srv/sid", dir)
		}
	}
	if _, err := newPaths(options{Root: "/srv/sid", UserDir: filepath.Join("/srv/sid", "me")}, true); err != nil {
		t.Error(err)
	}
}
