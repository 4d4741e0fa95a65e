package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func file(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// moduleOf is a module of files, by their names, of which the package a/b is linked.
func moduleOf(t *testing.T, files map[string]string) module {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return module{Name: "example.org/m", Version: "v1", Dir: dir, Packages: []string{filepath.Join(dir, "a/b")}}
}

const code = "// Copyright 2001 Ann Author. All rights reserved.\n\npackage b\n\n// Copyright 2002 Not A Head\n"

func TestCopyright(t *testing.T) {
	goroot, err := request{}.goroot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	expat, bsd, apache := file(t, "../../LICENSE"), file(t, goroot+"/LICENSE"), file(t, "/usr/share/common-licenses/Apache-2.0")
	for name, c := range map[string]struct {
		files        map[string]string
		want, absent []string
	}{
		"one": {
			map[string]string{"COPYING": expat, "a/b/b.go": code},
			[]string{"Files: example.org/m@v1/*\nCopyright: 2026 the mago authors\nLicense: Expat\n MIT License\n .\n Copyright (c) 2026 the mago authors\n .\n Permission"},
			[]string{"Ann Author"},
		},
		"of a package's own": {
			map[string]string{"LICENSE": expat, "a/LICENSE.txt": bsd, "a/c/LICENSE": apache, "a/b/b.go": code},
			[]string{"Copyright: 2009 The Go Authors\n           2026 the mago authors\nLicense: BSD-3-clause and Expat\n"},
			[]string{"Apache"},
		},
		"that Debian has": {
			map[string]string{"LICENSE": apache, "LICENSE.docs": "All rights reserved.\n", "NOTICE": "Made by Ann.\n", "a/b/b.go": code},
			[]string{"Copyright: 2001 Ann Author\nLicense: Apache-2.0\n On Debian systems this licence is in /usr/share/common-licenses/Apache-2.0.\n .\n .\n Made by Ann.\n"},
			[]string{"TERMS AND CONDITIONS", "Not A Head"},
		},
		"either": {
			map[string]string{"LICENSE": "At your option:\n" + apache + "\nor\n\n" + expat, "a/b/b.go": ""},
			[]string{"License: Apache-2.0 or Expat\n At your option:\n"},
			[]string{"TERMS AND CONDITIONS"},
		},
		"of nobody": {
			map[string]string{"LICENSE": apache, "a/b/b.go": "package b\n"},
			[]string{"Copyright: the authors of example.org/m\n"},
			nil,
		},
	} {
		t.Run(name, func(t *testing.T) {
			text, err := copyright([]module{{Name: "mago", Dir: "../.."}, moduleOf(t, c.files)})
			if err != nil {
				t.Fatal(err)
			}
			first, rest, _ := strings.Cut(string(text), "\nFiles: example")
			if !strings.HasPrefix(first, "Format: "+format+"\n") || !strings.Contains(first, "\nFiles: *\nCopyright: 2026 the mago authors\nLicense: Expat\n") {
				t.Errorf("begins with %s", first)
			}
			rest = "Files: example" + rest
			for _, want := range c.want {
				if !strings.Contains(rest, want) {
					t.Errorf("no %q in\n%s", want, rest)
				}
			}
			for _, absent := range c.absent {
				if strings.Contains(rest, absent) {
					t.Errorf("%q in\n%s", absent, rest)
				}
			}
		})
	}
}

// What has no licence that is known is not packaged.
func TestCopyrightRefuses(t *testing.T) {
	expat := file(t, "../../LICENSE")
	for name, files := range map[string]map[string]string{
		"none":       {"README": expat, "a/b/b.go": code},
		"unknown":    {"LICENSE": "You may look at it on Sundays.\n", "a/b/b.go": code},
		"mostly":     {"LICENSE": expat + strings.Repeat("But not on Sundays, in any of these ways. ", 30), "a/b/b.go": code},
		"below":      {"LICENSE": expat, "a/b/LICENSE": "You may look at it on Sundays.\n", "a/b/b.go": code},
		"no package": {"LICENSE": expat},
	} {
		if text, err := copyright([]module{moduleOf(t, files)}); err == nil || !strings.Contains(err.Error(), "example.org/m") {
			t.Errorf("%s: %v, and\n%s", name, err, text)
		}
	}
}

func TestHolders(t *testing.T) {
	for line, want := range map[string]string{
		"// SPDX-FileCopyrightText: 2022 The Ebitengine Authors":                 "2022 The Ebitengine Authors",
		"Copyright (c) 2013 VividCortex":                                         "2013 VividCortex",
		"Copyright © 2015, Joe Tsai and The Go Authors. All rights reserved.":    "2015, Joe Tsai and The Go Authors",
		" * copyright 1999-2001 A B":                                             "1999-2001 A B",
		"Copyright (c) Paul R. Tagliamonte <paultag@debian.org>, 2015":           "Paul R. Tagliamonte <paultag@debian.org>, 2015",
		"   Copyright [yyyy] [name of copyright owner]":                          "",
		"   copyright license to reproduce, prepare Derivative Works of,":        "",
		"copyright notice, this list of conditions and the following disclaimer": "",
		" Copyright (C) 1989, 1991 Free Software Foundation, Inc.,":              "",
	} {
		if got := strings.Join(holdersIn("x\n"+line+"\ny\n"), "|"); got != want {
			t.Errorf("%q: %q, want %q", line, got, want)
		}
	}
}
