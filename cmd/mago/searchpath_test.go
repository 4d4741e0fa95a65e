package main

import "testing"

func TestSearchPath(t *testing.T) {
	const all = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
	for path, want := range map[string]string{
		"":                             all,
		all:                            all,
		"/usr/local/bin:/usr/bin:/bin": "/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin",
		"/opt/bin":                     "/opt/bin:" + all,
		":/opt/bin:":                   "/opt/bin:" + all, // the working directory is nobody's place for programs
	} {
		if got := searchPath(path); got != want {
			t.Errorf("%q: got %q, want %q", path, got, want)
		}
	}
}
