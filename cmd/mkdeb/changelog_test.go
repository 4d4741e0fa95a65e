package main

import (
	"strings"
	"testing"
	"time"

	"pault.ag/go/debian/changelog"
)

const someChangelog = `mago (2.0) unstable; urgency=medium

  * One thing, --dest.
  * Another.

 -- The mago authors <nobody@mago.invalid>  Sat, 03 Jan 2026 00:00:00 +0000

mago (1.0) unstable; urgency=medium

  * The first.

 -- The mago authors <nobody@mago.invalid>  Fri, 02 Jan 2026 00:00:00 +0000
`

func TestChangelog(t *testing.T) {
	got, err := changelogFor(someChangelog, "2.0+git1", time.Date(2026, 2, 1, 3, 4, 5, 0, time.UTC))
	want := strings.NewReplacer("(2.0)", "(2.0+git1)", "Sat, 03 Jan 2026 00:00:00", "Sun, 01 Feb 2026 03:04:05").Replace(someChangelog)
	if err != nil || string(got) != want {
		t.Errorf("%v\n%s", err, got)
	}
}

func TestChangelogRefuses(t *testing.T) {
	for name, c := range map[string]struct{ text, version string }{
		"empty":           {"", "2.0"},
		"another package": {strings.Replace(someChangelog, "mago", "nago", 1), "2.0"},
		"no last line":    {strings.Replace(someChangelog, " -- ", " ++ ", 1), "2.0"},
		"older version":   {someChangelog, "1.0"},
		"longer version":  {strings.Replace(someChangelog, "2.0", "2.01", 1), "2.0"},
	} {
		if got, err := changelogFor(c.text, c.version, time.Unix(0, 0)); err == nil {
			t.Errorf("%s: no error, but %s", name, got)
		}
	}
}

// mago's own changelog is one of Debian's, entry by entry, and fits 80 columns.
func TestOwnChangelog(t *testing.T) {
	entries, err := changelog.Parse(strings.NewReader(ownChangelog))
	if err != nil || len(entries) < 4 {
		t.Fatal(len(entries), err)
	}
	if _, err := changelogFor(ownChangelog, entries[0].Version.String(), time.Now()); err != nil {
		t.Error(err)
	}
	for line := range strings.Lines(ownChangelog) {
		if len([]rune(line)) > 81 {
			t.Errorf("%q", line)
		}
	}
}
