package word

import "testing"

func TestNearest(t *testing.T) {
	words := []string{"install", "list", "get", "build", "auto-build", "auto-install", "show", "uninstall"}
	for typed, want := range map[string]string{
		"isntall": "install", "instal": "install", "installl": "install", "insatlll": "install", "inst": "", "buidl": "build", "gte": "get", "gett": "get",
		"set": "", "slow": "show", "unbuild": "", "rebuild": "", "unistall": "uninstall", "uinstall": "", "auto-instal": "auto-install",
		"": "", "x": "", "ätt": "", "auto-intsal": "auto-install",
	} {
		if got := Nearest(typed, words); got != want {
			t.Errorf("nearest(%q) = %q, want %q", typed, got, want)
		}
	}
}

func TestCompleted(t *testing.T) {
	words := []string{"verbose", "version", "force"}
	for typed, want := range map[string]string{"ver": "", "verb": "verbose", "f": "", "for": "force", "x": "", "": ""} {
		if got := Completed(typed, words); got != want {
			t.Errorf("completed(%q) = %q, want %q", typed, got, want)
		}
	}
}

func TestDistance(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{{"", "", 0}, {"", "ab", 2}, {"ab", "", 2}, {"ab", "ba", 1}, {"abc", "abc", 0}, {"install", "isntall", 1}, {"kitten", "sitting", 3}} {
		if got := Distance(c.a, c.b); got != c.want {
			t.Errorf("distance(%q, %q) = %d, want %d", c.a, c.b, got, c.want)
		}
	}
}
