package main

import (
	"slices"
	"strings"
	"testing"

	"mago/debpkg/visible"
)

// TestNarrowStatus: a kernel goes above its rows where its module has no room beside it, and nothing is wider than the terminal.
func TestNarrowStatus(t *testing.T) {
	rows := [][]string{
		{"6.12.118+deb13-amd64 *", "v4l2loopback", "present", "0.15.0-2+6.12.118-1", ""},
		{"6.12.118+deb13-amd64 *", "r81", "failed", "-", "the last build failed"},
	}
	for width, want := range map[int]string{80: "  0.15.0-2+6.12.118-1", 40: "\n6.12.118+deb13-amd64 *\n  v4l2loopback  present\n", 18: "\n6.12.118…3-amd64 *\n"} {
		var got strings.Builder
		copied := [][]string{slices.Clone(rows[0]), slices.Clone(rows[1])}
		if err := writeColumns(&got, width, statusColumns, copied); err != nil || !strings.Contains(got.String(), want) {
			t.Errorf("in %d columns, %v:\n%s", width, err, got.String())
		}
		for line := range strings.Lines(got.String()) {
			if visible.Width(strings.TrimSuffix(line, "\n")) > width {
				t.Errorf("%q is wider than %d", line, width)
			}
		}
	}
}

func TestWriteColumns(t *testing.T) {
	columns := []column{{title: "NAME"}, {title: "VERSION", least: 5, goes: 2}, {title: "KIND", goes: 1}, {title: "NOTE"}}
	rows := [][]string{{"漢字", "1.0-1", "dkms", "-"}, {"four-teen-long", "2.0+git20240101-1", "local", "two words"}}
	for width, want := range map[int]string{
		0: `
NAME            VERSION            KIND   NOTE
漢字            1.0-1              dkms   -
four-teen-long  2.0+git20240101-1  local  two words
`, 51: `
NAME            VERSION            KIND   NOTE
漢字            1.0-1              dkms   -
four-teen-long  2.0+git20240101-1  local  two words
`, 40: `
NAME            VERSION     KIND   NOTE
漢字            1.0-1       dkms   -
four-teen-long  2.0+git20…  local  two
                                   words
`, 32: `
NAME            VERSION    NOTE
漢字            1.0-1      -
four-teen-long  2.0+git2…  two
                           words
`, 24: `
NAME            NOTE
漢字            -
four-teen-long  two
                words
`, 10: `
NAME
    NOTE
漢字     -
fou…ong
    two
    words
`,
		20: `
NAME            NOTE
漢字            -
four-teen-long
    two words
`,
	} {
		var got strings.Builder
		if err := writeColumns(&got, width, columns, rows); err != nil {
			t.Fatal(err)
		}
		if "\n"+got.String() != want {
			t.Errorf("in %d columns:\n%swant%s", width, got.String(), want)
		}
		for line := range strings.Lines(got.String()) {
			if width > 20 && visible.Width(strings.TrimSuffix(line, "\n")) > width {
				t.Errorf("%q is wider than %d", line, width)
			}
		}
	}
}
