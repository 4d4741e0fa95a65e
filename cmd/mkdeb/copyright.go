package main

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/google/licensecheck"
)

// known are the licences that mago may be linked with, by their names in SPDX and in Debian's copyright files, and whether
// Debian has their texts.
var known = map[string]struct{ name, common string }{
	"MIT":           {name: "Expat"},
	"BSD-2-Clause":  {name: "BSD-2-clause"},
	"BSD-3-Clause":  {name: "BSD-3-clause"},
	"ISC":           {name: "ISC"},
	"Unlicense":     {name: "Unlicense"},
	"Apache-2.0":    {name: "Apache-2.0", common: "Apache-2.0"},
	"MPL-2.0":       {name: "MPL-2.0", common: "MPL-2.0"},
	"GPL-2.0":       {name: "GPL-2+", common: "GPL-2"},
	"public-domain": {name: "public-domain"},
}

// publicDomain is the statement of github.com/xi2/xz, as a licence's template.
const publicDomain = `Licensing of github.com/xi2/xz This Go package is a modified version of XZ Embedded __12__ The contents of the testdata
directory are modified versions of the test files from XZ Utils __12__ All the files in this package have been written by Michael Cross,
Lasse Collin and/or Igor PavLov. All these files have been put into the public domain. You can do whatever you want with these files.
This software is provided "as is", without any warranty.`

const format = "https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/"

// copyright is the package's copyright file. A module without a known licence is an error.
func copyright(modules []module) ([]byte, error) {
	scanner, err := newScanner()
	if err != nil {
		return nil, err
	}
	text := "Format: " + format + "\nUpstream-Name: mago\n" +
		"Comment: mago and mago-pkcs11 are linked of the modules of Go below.\n"
	for i, m := range modules {
		licence, err := m.licence(scanner)
		if err != nil {
			return nil, fmt.Errorf("licence of %s: %w", m.Name, err)
		}
		files := "*"
		if i > 0 {
			files = m.Name + "@" + m.Version + "/*"
		}
		text += "\nFiles: " + files + "\n" + licence
	}
	return []byte(text), nil
}

func newScanner() (*licensecheck.Scanner, error) {
	all := []licensecheck.License{{ID: "public-domain", LRE: publicDomain}}
	for _, l := range licensecheck.BuiltinLicenses() {
		if _, ok := known[l.ID]; ok && l.URL == "" {
			all = append(all, l)
		}
	}
	return licensecheck.NewScanner(all)
}

// licence returns a module's fields Copyright and License.
func (m module) licence(scanner *licensecheck.Scanner) (string, error) {
	texts, err := m.texts(licenceFile)
	if err != nil {
		return "", err
	}
	notices, err := m.texts(noticeFile)
	if err != nil {
		return "", err
	}
	if len(texts) == 0 {
		return "", fmt.Errorf("no file in %s states it", m.Dir)
	}
	var names, bodies []string
	joined := " and "
	for _, text := range texts {
		found, body, err := read(scanner, text)
		if err != nil {
			return "", fmt.Errorf("in %s: %w", m.Dir, err)
		}
		if choice.MatchString(body) {
			joined = " or "
		}
		names, bodies = append(names, found...), append(bodies, body)
	}
	holders, err := m.holders(texts)
	if err != nil {
		return "", err
	}
	return "Copyright: " + strings.Join(holders, "\n           ") + "\n" +
		"License: " + strings.Join(unique(names), joined) + "\n" + continued(strings.Join(append(bodies, notices...), "\n\n")), nil
}

// choice is the phrase for alternative licences.
var choice = regexp.MustCompile(`(?i)\bat your option\b`)

// read finds the licences in a text, of which they must be three quarters, and returns the text without those that Debian has
// in /usr/share/common-licenses.
func read(scanner *licensecheck.Scanner, text string) (names []string, body string, err error) {
	found := scanner.Scan([]byte(text))
	if found.Percent < 75 {
		return nil, "", fmt.Errorf("a licence that is not known: %.60q", text)
	}
	end := 0
	for _, match := range found.Match {
		licence := known[match.ID]
		names = append(names, licence.name)
		if licence.common != "" {
			body += text[end:match.Start] + "On Debian systems this licence is in /usr/share/common-licenses/" + licence.common + ".\n"
			end = match.End
		}
	}
	return names, body + text[end:], nil
}

// continued formats a text as a field's further lines.
func continued(text string) string {
	var lines strings.Builder
	for line := range strings.Lines(strings.TrimSpace(text)) {
		line = strings.TrimRight(line, " \t\r\n")
		if line == "" {
			line = "."
		}
		lines.WriteString(" " + line + "\n")
	}
	return lines.String()
}
