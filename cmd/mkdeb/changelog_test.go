package main

import (
	"os"
	"strings"
	"testing"
	"time"
)

const someReadme = "# mago\n\n## Changes\n\n### 2.0\n\nOne thing, `--dest`. Another\nwith [a table](x/y.go).\n\nA third that is so long that it does not fit " +
	"into one line of a changelog file.\n\n### 1.0, 2026-01-02\n\nThe first.\n\n## More\n\n### 0.9\n"

func TestChangelog(t *testing.T) {
	const want = `mago (2.0+git1) unstable; urgency=medium

  * One thing, --dest.
  * Another with a table.
  * A third that is so long that it does not fit into one line of a changelog
    file.

 -- The mago authors <nobody@mago.invalid>  Sun, 01 Feb 2026 03:04:05 +0000

mago (1.0) unstable; urgency=medium

  * The first.

 -- The mago authors <nobody@mago.invalid>  Fri, 02 Jan 2026 00:00:00 +0000
`
	got, err := changelog(someReadme, "2.0+git1", time.Date(2026, 2, 1, 3, 4, 5, 0, time.UTC))
	if err != nil || string(got) != want {
		t.Errorf("%v\n%s", err, got)
	}
}

func TestChangelogRefuses(t *testing.T) {
	for text, version := range map[string]string{
		"# mago\n": "2.0",
		"## Changes\n\n### 1.0, 2026-01-02\n\nThe first.\n": "2.0",
		someReadme: "1.0",
		strings.Replace(someReadme, "2.0", "2.01", 1):         "2.0",
		strings.Replace(someReadme, ", 2026-01-02", "", 1):    "2.0",
		strings.Replace(someReadme, "01-02", "13-02", 1):      "2.0",
		"## Changes\n\n## More\n\n### 2.0\n\nNot a change.\n": "2.0",
	} {
		if got, err := changelog(text, version, time.Unix(0, 0)); err == nil {
			t.Errorf("no error of %q for %s, but %s", text, version, got)
		}
	}
}

// Every version in mago's own README.md has its entry.
func TestOwnChanges(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	all, err := changes(string(readme))
	if err != nil || len(all) < 4 {
		t.Fatal(all, err)
	}
	text, err := changelog(string(readme), all[0].Version, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if len([]rune(line)) > 80 || strings.Contains(line, "`") {
			t.Errorf("%q", line)
		}
	}
}
