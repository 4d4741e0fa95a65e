package main

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestCommandAt(t *testing.T) {
	for _, c := range []struct {
		line string
		want int
	}{
		{"", -1},
		{"--version", -1},
		{"list", 0},
		{"-f list", 1},
		{"-l running list", 2},
		{"-lrunning list", 1},
		{"-fl running list", 2},
		{"-fv list", 1},
		{"--kvers-list running list", 2},
		{"--kvers-list=running list", 1},
		{"--userdir /srv list", 2},
		{"-u /srv -q -k a,b get,build hello", 5},
		{"--root / --dry-run a-i hello", 3},
		{"-l", -1},
		{"--frobnicate list", 1},
		{"- list", 1},
	} {
		args := strings.Fields(c.line)
		if got := commandAt(args); got != c.want {
			t.Errorf("commandAt(%q) = %d, want %d", args, got, c.want)
		}
	}
}

func TestCommandLines(t *testing.T) {
	got := commandLines([]string{"-l", "a,b", "get,build", "hello,x"})
	want := [][]string{{"-l", "a,b", "get", "hello,x"}, {"-l", "a,b", "build", "hello,x"}}
	if !slices.EqualFunc(got, want, slices.Equal) {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := commandLines([]string{"--version"}); len(got) != 1 || !slices.Equal(got[0], []string{"--version"}) {
		t.Errorf("without a command: %q", got)
	}
}

func TestLists(t *testing.T) {
	for _, c := range []struct{ values, want []string }{
		{nil, nil},
		{[]string{"", " ,\n"}, nil},
		{[]string{"a,b c\td\ne"}, []string{"a", "b", "c", "d", "e"}},
		{[]string{"a", "b,c"}, []string{"a", "b", "c"}},
	} {
		if got := lists(c.values...); !slices.Equal(got, c.want) {
			t.Errorf("lists(%q) = %q, want %q", c.values, got, c.want)
		}
	}
}

func TestPaths(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", "/home/me/.cache")
	for _, c := range []struct {
		name        string
		o           options
		asRoot      bool
		cache, dest string
	}{
		{"root", options{Root: "/"}, true, "/var/cache/mago", "/var/cache/mago/debs"},
		{"user", options{Root: "/"}, false, "/home/me/.cache/mago", "/home/me/.cache/mago/debs"},
		{"another system", options{Root: "/srv/sid"}, false, "/srv/sid/var/cache/mago", "/srv/sid/var/cache/mago/debs"},
		{"-u", options{Root: "/", UserDir: "/srv/me"}, true, "/srv/me", "/srv/me/debs"},
		{"--dest", options{Root: "/", Dest: "/srv/fleet"}, true, "/var/cache/mago", "/srv/fleet"},
	} {
		p, err := newPaths(c.o, c.asRoot)
		if err != nil || p.cache != c.cache || p.dest != c.dest {
			t.Errorf("%s: %+v, %v; want %s and %s", c.name, p, err, c.cache, c.dest)
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
