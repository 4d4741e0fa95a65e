package debpkg

import (
	"strings"
	"testing"
)

// small is a control file that dpkg takes.
const small = "Package: ab\nVersion: 1\nArchitecture: all\n"

// refusedControls are control files that dpkg refuses, and by what error.
var refusedControls = map[string]string{
	small + "X-Odd:\n":                           `the file ends before field "x-odd" has a value`,
	small + "X-Odd: \t\r\n":                      `the file ends before field "x-odd" has a value`,
	"Package: ab\nArchitecture: all\nVersion:\n": "has no field Version",
	small + " \n":                                `a line of blanks after field "architecture"`,
	small + "\n\t\n":                             "holds more than one paragraph",
	"\r\n" + small:                               "no field name and colon",
	"Package: ab\n \nVersion: 1\nArchitecture: all\n":    `a line of blanks after field "package"`,
	"Package: ab\nVersion:\n 1\nArchitecture: all\n":     "not [epoch:]upstream",
	"Package:\n ab\nVersion: 1\nArchitecture: all\n":     "not two or more of a-z",
	"Package: ab\nVersion: 1\u00a0\nArchitecture: all\n": "not [epoch:]upstream",
	small + "Depends:\n cd\n":                            "nothing on the first line",
	small + "Provides:\n cd (= 1)\n":                     "nothing on the first line",
	small + "Depends: cd\n .\n":                          "field Depends",
	small + "Depends: cd,\n .\n ef\n":                    "field Depends",
	small + "Depends: cd\u00a0\n":                        "is not a package name",
	small + "Depends: cd\u00a0(>= 1)\n":                  "is not a package name",
	small + "Depends: cd []\n":                           "restricted as only source packages may",
	small + "Depends: cd <>\n":                           "restricted as only source packages may",
	small + "Conflicts: cd (>= 1) [ ]\n":                 "restricted as only source packages may",
	small + "Multi-Arch: same\n":                         "Multi-Arch is same, and Architecture all",
	small + "Size:\nX-Odd: x\n":                          "field Size \"\": empty",
	small + "Status:\nX-Odd: x\n":                        "only dpkg's status file may hold it",
	small + "Priority: Optionally\nX-Odd: x\n":           "something follows optional",
	small + "Priority: extra x\nX-Odd: x\n":              "something follows extra",
	small + "Recommended:\n cd\n":                        "obsolete: dpkg reads it as another field",
}

func TestControlFilesThatDpkgRefuses(t *testing.T) {
	for text, want := range refusedControls {
		if _, err := onlyParagraph([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}

// TestRevisionIsRefused: dpkg puts it behind the Version, so that another one would be installed than the file shows.
func TestRevisionIsRefused(t *testing.T) {
	for _, field := range obsoleteFields {
		if _, err := onlyParagraph([]byte(small + field + ": 2\n")); err == nil || !strings.Contains(err.Error(), "obsolete") {
			t.Errorf("%s: %v", field, err)
		}
	}
}
