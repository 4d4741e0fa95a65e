package payload

import "testing"

func TestGlob(t *testing.T) {
	for _, c := range []struct {
		pattern, path string
		want          bool
	}{
		{"/etc/default/hello", "/etc/default/hello", true}, {"/etc/default/*", "/etc/default/hello", true}, {"/etc/default/*", "/etc/default/a/b", false},
		{"/etc/*", "/etc/default/hello", false}, {"/etc/**", "/etc/default/hello", true}, {"/etc/**", "/etc", true}, {"/**/hello", "/hello", true},
		{"/**/hello", "/a/b/hello", true}, {"/**/hello", "/a/hello/b", false}, {"/a/**/b/*", "/a/b/c", true}, {"/a/**/b/*", "/a/x/y/b/c", true}, {"/a/**/b/*", "/a/x/y/c", false},
		{"/etc/a**", "/etc/abc", true}, {"/etc/a**", "/etc/abc/d", false}, // ** is nothing special within a component
		{"/etc/[a-c]?", "/etc/bx", true}, {"/etc/[a-c]?", "/etc/dx", false}, {`/etc/\*`, "/etc/*", true}, {`/etc/\*`, "/etc/x", false},
		{"/lib/systemd/system/*", "/usr/lib/systemd/system/x.service", true}, {"/usr/sbin/*", "/sbin/x", true}, {"/etc/*", "/etc/.hidden", true},
	} {
		g, err := ParseGlob(c.pattern)
		if err != nil {
			t.Errorf("%s: %v", c.pattern, err)
		} else if g.Match(c.path) != c.want {
			t.Errorf("%s of %s: not %v", c.pattern, c.path, c.want)
		}
	}
	for _, bad := range []string{"", "*", "etc/*", "/", "/etc/", "/etc//x", "/etc/../x", "/etc/[", `/etc/\`, "./x"} {
		if g, err := ParseGlob(bad); err == nil {
			t.Errorf("%q is taken, as %v", bad, g)
		}
	}
	for _, path := range []string{"/a*b/[c]/d?", `/a\b`, "/x"} {
		if g, err := ParseGlob(Literal(path)); err != nil || !g.Match(path) || g.Match(path+"x") {
			t.Errorf("%q: %v, %v", path, g, err)
		}
	}
}
