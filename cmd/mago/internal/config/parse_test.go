package config

import (
	"fmt"
	"strings"
	"testing"
)

// read gives what a file's text says, each setting and each mistake in a line of its own.
func read(text string, module bool) string {
	settings, mistakes := parse(strings.NewReader(text), "f", module)
	var lines []string
	for _, s := range settings {
		lines = append(lines, fmt.Sprintf("%s=%s at %d", s.Field, s.Value, s.Line))
	}
	for _, m := range mistakes {
		lines = append(lines, m.Error())
	}
	return strings.Join(lines, "; ")
}

func TestParse(t *testing.T) {
	for text, want := range map[string]string{
		"":                                 "",
		"# only a comment\n\n":             "",
		"Jobs: 4":                          "Jobs=4 at 1",
		"\n# x\njobs :\t4 \r\nREUSE:yes\n": "Jobs=4 at 3; Reuse=yes at 4",
		"Limits: time=1h,\n# x\n memory=1G\n .\n output=2G\n": "Limits=time=1h at 1; Limits=memory=1G at 1; Limits=output=2G at 1",
		"Jbos: 3\n":              "f:1: no field Jbos; Jobs is the nearest",
		"sandbx: auto\n":         "f:1: no field sandbx; Sandbox is the nearest",
		"Frobnicate: 3\n":        "f:1: no field Frobnicate",
		"Jobs: 1\n\nJobs: 2\n":   "Jobs=1 at 1; f:3: Jobs is given twice: line 1 has it, too",
		"Jobs\n x\n":             `f:1: "Jobs" is not a field: a name, a colon and a value`,
		"-x: 1\n":                `f:1: "-x: 1" is not a field: a name, a colon and a value`,
		"two words: 1\n":         `f:1: "two words: 1" is not a field: a name, a colon and a value`,
		" Jobs: 1\n x\nJobs: 2":  "Jobs=2 at 3; f:1: a line that begins with a blank goes on with a field, and there is none above it",
		"Jobs:\n":                "f:1: Jobs: it has no value",
		"Hold: yes\n":            "f:1: Hold is for one module: it belongs in modules/NAME.conf",
		"Jobs: 0\nReuse: maybe":  `f:1: Jobs: "0" is not a number of compilers; f:2: Reuse: "maybe" is not one of yes, no`,
		"Dest: /srv/\x1b[31m\n":  "f:1: Dest: it has a control character",
		"Dest: srv\nKey: k\n":    `f:1: Dest: "srv" is not an absolute path; f:2: Key: "k" is neither an absolute path nor a pkcs11: URI`,
		"Sandbox: auto\n user\n": `f:1: Sandbox: "auto user" is not one of auto, bubblewrap, namespaces, user`,
	} {
		if got := read(text, false); got != want {
			t.Errorf("%q:\n got %s\nwant %s", text, got, want)
		}
	}
}

func TestParseOfModule(t *testing.T) {
	for text, want := range map[string]string{
		"Hold: yes\nVersion: 1:2-3\n":      "Hold=yes at 1; Version=1:2-3 at 2",
		"Jobs: 2\n":                        "Jobs=2 at 1",
		"Version: x\n":                     `f:1: Version: version "x": not [epoch:]upstream[-revision] with a digit first and letters, digits, ., +, -, ~ after it`,
		"Make-Arguments: 'a b\n":           "f:1: Make-Arguments: a quote or a backslash is open at its end",
		"Dkms-Variables:\n A=1\n B[2]=x\n": "Dkms-Variables=A=1 B[2]=x at 1",
		"Dkms-Variables: A\n":              `f:1: Dkms-Variables: "A" is not NAME=VALUE or NAME[NUMBER]=VALUE`,
		"Dkms-Variables: kernelver=1\n":    "f:1: Dkms-Variables: kernelver cannot be set: it has a meaning of its own where dkms.conf is evaluated",
	} {
		if got := read(text, true); got != want {
			t.Errorf("%q:\n got %s\nwant %s", text, got, want)
		}
	}
}

func TestParseIsBounded(t *testing.T) {
	if got := read("# "+strings.Repeat("x", maxFile), false); !strings.HasPrefix(got, "f: ") {
		t.Errorf("a long file gives %q", got)
	}
}

// FuzzParse: what is read has a field, a line of the file, and the form that its field wants; nothing of it commands a terminal.
func FuzzParse(f *testing.F) {
	f.Add("Jobs: 4\n# x\nLimits: time=1h,\n memory=1G\n", false)
	f.Add("Make-Arguments: 'a b' \"c\\\"\"\nHold: yes\n", true)
	f.Fuzz(func(t *testing.T, text string, module bool) {
		settings, mistakes := parse(strings.NewReader(text), "f", module)
		lines := strings.Count(text, "\n") + 1
		for _, s := range settings {
			field := FieldCalled(s.Field)
			if field == nil || field.check(s.Value) != nil || s.Line < 1 || s.Line > lines || s.File != "f" {
				t.Errorf("%+v of %d lines", s, lines)
			}
		}
		for _, m := range mistakes {
			if m.Line > lines || m.Error() == "" {
				t.Errorf("%+v of %d lines", m, lines)
			}
		}
		ValuesOf(settings)
	})
}
