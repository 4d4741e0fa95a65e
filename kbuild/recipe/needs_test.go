package recipe

import (
	"slices"
	"strings"
	"testing"

	"mago/kbuild/dkms"
	"mago/kbuild/kernel"
)

// TestNeeds: what a recipe says it needs is what its steps call, for this kernel.
func TestNeeds(t *testing.T) {
	source := Source{Dir: tree{
		"dkms.conf": "", "py+": "#!/usr/bin/python3 -u\n", "env+": "#! /usr/bin/env perl\n", "own+": "#!/opt/own/bin/ruby\n", "sh+": "#!/bin/sh\n", "text": "#!/usr/bin/ruby\n",
	}.write(t, t.TempDir())}
	for directives, want := range map[string]string{
		"":                                    "",
		"PATCH|0|a|":                          "patch",
		"PRE_BUILD|0|py x|PATCH|0|a|":         "python3 patch",
		"PRE_BUILD|0|./env|POST_BUILD|0|/py|": "perl python3",
		"PRE_BUILD|0|own|POST_BUILD|0|sh|":    "",
		"PRE_BUILD|0|text|":                   "",
		"PRE_BUILD|0|absent|":                 "",
		"POST_INSTALL|0|py|":                  "",
	} {
		printed := "mago-begin-of-conf|PACKAGE_NAME|0|x|PACKAGE_VERSION|0|1|" + directives + "mago-end-of-conf|"
		conf, err := dkms.Parse([]byte(strings.ReplaceAll(printed, "|", "\x00")))
		if err != nil {
			t.Fatal(err)
		}
		needs, err := Needs(Job{Source: source, Kernel: kernel.Kernel{Release: "6.1.0-9-amd64"}, Conf: conf})
		var names []string
		for _, tool := range needs {
			names = append(names, tool.Package.String())
		}
		if err != nil || !slices.Equal(names, strings.Fields(want)) {
			t.Errorf("%s: got %q, %v, want %q", directives, names, err, want)
		}
	}
	if needs, err := Needs(Job{Source: source}); err != nil || needs != nil {
		t.Errorf("of a dkms.conf that was not evaluated: %v, %v", needs, err)
	}
}
