package main

import (
	"strings"
	"testing"

	"mago/debpkg/visible"
)

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
漢字            -
four-teen-long
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
